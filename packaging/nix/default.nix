# SPDX-License-Identifier: GPL-2.0-only
#
# For NixOS: the module and the command, for one kernel. Not tried on NixOS. In
# a configuration:
#
#   boot.extraModulePackages =
#     [ (config.boot.kernelPackages.callPackage ./packaging/nix { }) ];
{ lib, stdenv, kernel, pkg-config, pciutils, json_c }:

stdenv.mkDerivation {
  pname = "msi-vfio-pci";
  version = "0.1.0-${kernel.version}";
  src = ../..;

  nativeBuildInputs = [ pkg-config ] ++ kernel.moduleBuildDependencies;
  buildInputs = [ pciutils json_c ];
  makeFlags = [ "KDIR=${kernel.dev}/lib/modules/${kernel.modDirVersion}/build" ];
  buildFlags = [ "modules" "command" ];

  installPhase = ''
    make $makeFlags modules_install INSTALL_MOD_PATH=$out
    make install-command PREFIX=$out SBINDIR=$out/bin
  '';

  meta = {
    description = "VFIO driver that shows and controls MSI and MSI-X, and its command";
    license = lib.licenses.gpl2Only;
    platforms = [ "x86_64-linux" "aarch64-linux" ];
    broken = lib.versionOlder kernel.version "6.1";
  };
}
