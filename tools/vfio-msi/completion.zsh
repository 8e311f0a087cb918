#compdef vfio-msi
# SPDX-License-Identifier: GPL-2.0-only
# zsh completion for vfio-msi(8). Commands and options are those that --help has.

: ${_vfio_msi_sysfs:=/sys/bus/pci/devices}

# The devices that can be bound: no bridges. In domain 0 the short address is enough, and
# the long one is offered for a word that begins like one.
_vfio_msi_devices()
{
	local device address

	for device in $_vfio_msi_sysfs/*(N); do
		[[ -r $device/class && $(<$device/class) != 0x06* ]] || continue
		address=${device:t}
		[[ $1 != 0000:* ]] && address=${address#0000:}
		print -r -- $address
	done
}

_vfio_msi_commands()
{
	$1 --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'
}

_vfio_msi_options()
{
	$1 $2 --help 2>/dev/null | sed -n 's/^ *\(-., \)\{0,1\} *\(--[a-z][a-z-]*\).*/\2/p'
}

_vfio_msi()
{
	local word=${words[CURRENT]} previous=${words[CURRENT-1]}

	if ((CURRENT == 2)) || [[ ${words[2]} == help ]]; then
		compadd -- $(_vfio_msi_commands ${words[1]}) $(_vfio_msi_options ${words[1]})
		return
	fi
	case $previous in
	-o | --output)
		compadd -- table json
		;;
	-b | --driver)
		compadd -- msi-vfio-pci vfio-pci
		;;
	--bar)
		compadd -- 0 1 2 3 4 5
		;;
	--svg)
		_files
		;;
	--group)
		_groups
		;;
	-d | --device | --add | --timeout | --mode)
		;;
	*)
		if [[ $word == -* ]]; then
			compadd -- $(_vfio_msi_options ${words[1]} ${words[2]})
		else
			compadd -- $(_vfio_msi_devices $word)
		fi
		;;
	esac
}

[[ $funcstack[1] != _vfio-msi ]] || _vfio_msi "$@"
