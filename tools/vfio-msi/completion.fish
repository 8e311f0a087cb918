# SPDX-License-Identifier: GPL-2.0-only
# fish completion for vfio-msi(8). Commands and options are those that --help has.

set -q _vfio_msi_sysfs; or set -g _vfio_msi_sysfs /sys/bus/pci/devices

# The devices that can be bound: no bridges. In domain 0 the short address is enough, and
# the long one is offered for a word that begins like one.
function __vfio_msi_devices
    for device in $_vfio_msi_sysfs/*
        test -r $device/class; or continue
        string match -q '0x06*' (cat $device/class); and continue
        if string match -q '0000:*' (commandline -ct)
            basename $device
        else
            string replace -r '^0000:' '' (basename $device)
        end
    end
end

function __vfio_msi_commands
    command vfio-msi --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'
end

function __vfio_msi_options
    set -l words (commandline -opc)
    command vfio-msi $words[2] --help 2>/dev/null |
        sed -n 's/^ *\(-., \)\{0,1\} *\(--[a-z][a-z-]*\).*/\2/p'
end

# The word before the one that is completed is one of these.
function __vfio_msi_after
    contains -- (commandline -opc)[-1] $argv
end

function __vfio_msi_wants_command
    set -l words (commandline -opc)
    test (count $words) -eq 1; or test "$words[2]" = help
end

# No option that wants a word is before it.
function __vfio_msi_wants_device
    not __vfio_msi_wants_command
    and not __vfio_msi_after -o --output -b --driver --bar --svg --group --mode -d --device \
        --add --timeout
end

complete -c vfio-msi -f
complete -c vfio-msi -n __vfio_msi_wants_command -a '(__vfio_msi_commands)'
complete -c vfio-msi -n __vfio_msi_wants_device -a '(__vfio_msi_devices)'
complete -c vfio-msi -n __vfio_msi_wants_device -a '(__vfio_msi_options)'
complete -c vfio-msi -n '__vfio_msi_after -o --output' -a 'table json'
complete -c vfio-msi -n '__vfio_msi_after -b --driver' -a 'msi-vfio-pci vfio-pci'
complete -c vfio-msi -n '__vfio_msi_after --bar' -a '0 1 2 3 4 5'
complete -c vfio-msi -n '__vfio_msi_after --group' -a '(__fish_complete_groups)'
complete -c vfio-msi -n '__vfio_msi_after --svg' -F
