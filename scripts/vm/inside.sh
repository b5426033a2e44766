#!/bin/bash
# The first process of the virtual machine of cgroup2.sh.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LANG=C.UTF-8 TERM=dumb
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp && mount -t tmpfs tmpfs /run && mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts && mount -t tmpfs tmpfs /dev/shm && ln -sf /proc/self/fd /dev/fd
ip link set lo up
cd /lambda-run

# Emulated, a process starts in seconds.
cat > /tests.sh << 'TESTS'
cd /lambda-run
node bin/lambda-run.js doctor | grep -E '^(root|memory|cpu) '
node bin/lambda-run.js doctor | grep -q '^memory *cgroup2' || exit 1
node node_modules/jest/bin/jest.js --ci --maxWorkers 2 --testTimeout 400000 test/runtime/sandbox test/runtime/limits/memory
passed=$?
# What a supervisor that was killed has left goes with the next start.
cd "$(mktemp -d)"
echo 'exports.handler = async () => 1' > one.js
node /lambda-run/bin/lambda-run.js invoke one.js --data '{}' && exit $passed
TESTS

echo "== kernel $(uname -r), as root"
failed=0
bash /tests.sh || failed=1

echo "== as a user with a group of its own"
own=/sys/fs/cgroup/users/dev
mkdir -p $own/shell
for group in /sys/fs/cgroup /sys/fs/cgroup/users; do echo "+memory +cpu" > $group/cgroup.subtree_control; done
chown -R dev $own /lambda-run
(
  echo $BASHPID > $own/shell/cgroup.procs
  HOME=/home/dev exec setpriv --reuid=1000 --regid=1000 --clear-groups bash /tests.sh
) || failed=1

left=$(find /sys/fs/cgroup -name 'lambda-run*')
[ -z "$left" ] || { echo "left behind: $left"; failed=1; }
[ $failed = 0 ] && echo "== all passed" || echo "== FAILED"
sync
echo o > /proc/sysrq-trigger
sleep 10
