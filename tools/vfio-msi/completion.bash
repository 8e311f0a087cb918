# SPDX-License-Identifier: GPL-2.0-only
# bash completion for vfio-msi(8)

_vfio_msi_devices()
{
	local path

	for path in /sys/bus/pci/devices/*; do
		[[ ! -e $path ]] || echo "${path##*/}"
	done
}

_vfio_msi_addresses()
{
	# readline separates words at colons: complete what follows the last colon
	mapfile -t COMPREPLY < <(compgen -W "$(_vfio_msi_devices)" -- "$1")
	if [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${1%:*}:"}")
	fi
}

_vfio_msi_drivers()
{
	mapfile -t COMPREPLY < <(compgen -W "msi-vfio-pci vfio-pci" -- "$1")
}

_vfio_msi_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

_vfio_msi()
{
	local commands="list bind unbind show vectors window learn map"
	local common="--slot --device --help --usage --version"
	local line=${COMP_LINE:0:COMP_POINT} word previous
	local -a words

	# words separated by spaces only, as COMP_WORDS is separated at colons, too
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	word=${words[-1]}
	previous=${words[-2]}
	COMPREPLY=()

	if ((${#words[@]} == 2)); then
		_vfio_msi_words "$word" "$commands --help --usage --version"
		return
	fi
	case $previous in
	-o | --output)
		_vfio_msi_words "$word" "table json"
		return
		;;
	-b | --driver)
		_vfio_msi_drivers "$word"
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
	-d | --device | --add | --timeout)
		return
		;;
	esac
	if [[ $word != -* ]]; then
		_vfio_msi_addresses "$word"
		return
	fi
	case ${words[1]} in
	list | show)
		_vfio_msi_words "$word" "$common --domains --output"
		;;
	vectors)
		_vfio_msi_words "$word" "$common --domains --output --watch"
		;;
	window)
		_vfio_msi_words "$word" "$common --domains --output --add --clear"
		;;
	learn)
		_vfio_msi_words "$word" "$common --output --bar --timeout"
		;;
	map)
		_vfio_msi_words "$word" "$common --domains --output --svg"
		;;
	bind)
		_vfio_msi_words "$word" "$common --driver --force"
		;;
	unbind)
		_vfio_msi_words "$word" "$common --force"
		;;
	esac
}

complete -F _vfio_msi vfio-msi
