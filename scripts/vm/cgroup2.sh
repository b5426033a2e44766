#!/usr/bin/env bash
# `npm run test:cgroup2`: the sandbox's tests on control groups of version 2, for machines whose kernel was started with
# version 1. They run in a virtual machine with Debian's cloud kernel, emulated when the processor offers no KVM (minutes
# instead of seconds), once as root and once as an ordinary user to whom a group was delegated, as systemd does it.
#
# Needs Linux, root, network, and: debootstrap, qemu-system-x86 and busybox-static of Debian. Everything is kept in
# node_modules/.cache/lambda-run-vm.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD
folder=$repository/node_modules/.cache/lambda-run-vm
limit_s=${LIMIT_S:-1800}

for tool in debootstrap qemu-system-x86_64 busybox mke2fs apt-get dpkg-deb; do
  command -v "$tool" > /dev/null || { echo "cgroup2: SKIPPED: $tool is not here (apt install debootstrap qemu-system-x86 busybox-static e2fsprogs)" >&2; exit 3; }
done
[ "$(id -u)" = 0 ] || { echo "cgroup2: SKIPPED: only root can make the image" >&2; exit 3; }
mkdir -p "$folder" && cd "$folder"

if [ ! -e kernel/boot ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
  apt-get download "$package" > /dev/null
  dpkg-deb -x "$package"_*.deb kernel && rm "$package"_*.deb
fi
if [ ! -e root/usr/bin/bwrap ]; then
  rm -rf root
  debootstrap --variant=minbase --include=bubblewrap,python3,procps,util-linux,iproute2 bookworm root > debootstrap.log
  chroot root useradd --create-home --uid 1000 dev
fi

cp "$(readlink -f "$(command -v node)")" root/usr/bin/node
rm -rf root/lambda-run && mkdir root/lambda-run
(cd "$repository" && git ls-files -z | tar --null --files-from=- --create) | tar --extract --directory=root/lambda-run
(cd "$repository" && tar --create --exclude=node_modules/.cache node_modules dist) | tar --extract --directory=root/lambda-run
rm -f disk.img && mke2fs -q -t ext4 -N 200000 -d root disk.img 3G

# Virtio is a module of the cloud kernel; ext4 is built in.
modules="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk"
rm -rf initrd && mkdir -p initrd/{bin,modules,dev,mnt}
cp "$(command -v busybox)" initrd/bin/busybox
for name in $modules; do cp "$(find kernel/lib/modules -name "$name.ko" | head -1)" initrd/modules/; done
cat > initrd/init << INIT
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devices /dev
for name in $modules; do /bin/busybox insmod /modules/\$name.ko; done
/bin/busybox mount -t ext4 /dev/vda /mnt
exec /bin/busybox switch_root /mnt /bin/bash /lambda-run/scripts/vm/inside.sh
INIT
chmod +x initrd/init
(cd initrd && find . | busybox cpio -o -H newc 2> /dev/null | gzip -1) > initrd.gz

accelerator=tcg,thread=multi
[ "${KVM:-}" = 1 ] && accelerator=kvm
timeout "$limit_s" qemu-system-x86_64 -accel "$accelerator" -cpu max -smp 4 -m 4096 -nographic -no-reboot \
  -kernel kernel/boot/vmlinuz-* -initrd initrd.gz -append "console=ttyS0 loglevel=3 panic=-1" \
  -drive file=disk.img,if=virtio,format=raw < /dev/null | tee console.log | sed -n '/^== /,$p'
grep -q '^== all passed' console.log
