# SPDX-License-Identifier: GPL-2.0-only
# bash completion for vfio-msi(8). Commands and options are those that --help has.

_vfio_msi_sysfs=/sys/bus/pci/devices

# The devices that can be bound: no bridges. In domain 0 the short address is enough, and
# the long one is offered for a word that begins like one.
_vfio_msi_devices()
{
	local path address class

	for path in "$_vfio_msi_sysfs"/*; do
		[[ -r $path/class ]] || continue
		class=$(<"$path/class")
		[[ $class != 0x06* ]] || continue
		address=${path##*/}
		[[ $1 != 0000:* && $address == 0000:* ]] && address=${address#0000:}
		echo "$address"
	done
}

_vfio_msi_addresses()
{
	# readline separates words at colons: complete what follows the last colon
	mapfile -t COMPREPLY < <(compgen -W "$(_vfio_msi_devices "$1")" -- "$1")
	if [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${1%:*}:"}")
	fi
}

_vfio_msi_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

_vfio_msi_commands()
{
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'
}

_vfio_msi_options()
{
	"$1" ${2:+"$2"} --help 2>/dev/null |
		sed -n 's/^ *\(-., \)\{0,1\} *\(--[a-z][a-z-]*\).*/\2/p'
}

_vfio_msi()
{
	local line=${COMP_LINE:0:COMP_POINT} word previous
	local -a words

	# words separated by spaces only, as COMP_WORDS is separated at colons, too
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	word=${words[-1]}
	previous=${words[-2]}
	COMPREPLY=()

	if ((${#words[@]} == 2)) || [[ ${words[1]} == help ]]; then
		_vfio_msi_words "$word" "$(_vfio_msi_commands "${words[0]}")
			$(_vfio_msi_options "${words[0]}")"
		return
	fi
	case $previous in
	-o | --output)
		_vfio_msi_words "$word" "table json"
		return
		;;
	-b | --driver)
		_vfio_msi_words "$word" "msi-vfio-pci vfio-pci"
		return
		;;
	--bar)
		_vfio_msi_words "$word" "0 1 2 3 4 5"
		return
		;;
	--svg)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		compopt -o filenames 2>/dev/null
		return
		;;
	--group)
		mapfile -t COMPREPLY < <(compgen -g -- "$word")
		return
		;;
	-d | --device | --add | --timeout | --mode)
		return
		;;
	esac
	if [[ $word == -* ]]; then
		_vfio_msi_words "$word" "$(_vfio_msi_options "${words[0]}" "${words[1]}")"
	else
		_vfio_msi_addresses "$word"
	fi
}

complete -F _vfio_msi vfio-msi
