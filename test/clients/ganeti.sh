# Ganeti's hypervisor for LXC: what it demands of a node, and the containers that it sees.
export PYTHONPATH="$CLIENTS/usr/share/ganeti/3.0:$CLIENTS/usr/lib/python3/dist-packages"
# Its directories, in this mount namespace alone.
for directory in /var/log /var/lib; do
  mkdir -p "$SCRATCH$directory"
  mount -t overlay -o "lowerdir=$directory,upperdir=$SCRATCH$directory,workdir=$(mktemp -d -p "$SCRATCH")" overlay $directory ||
    mount -t tmpfs tmpfs $directory
  mkdir -p $directory/ganeti
done
mkdir "$SCRATCH/ganeti"
mkdir -p /run/ganeti && mount --bind "$SCRATCH/ganeti" /run/ganeti
lxc-start -n "$NAME" || exit
cat >verify.py <<'PYTHON'
import os
from ganeti.hypervisor import hv_lxc
hypervisor = hv_lxc.LXCHypervisor()
# This host may lack cgroup controllers; that is not what Ganeti asks LXC for.
print("verify", [line for line in (hypervisor.Verify() or "").splitlines() if "lxc-" in line or "version" in line])
print("list", os.environ["NAME"] in hypervisor.ListInstances())
PYTHON
python3 verify.py
status=$?
lxc-stop -n "$NAME" -k
umount -R /run/ganeti && rmdir /run/ganeti
exit $status
