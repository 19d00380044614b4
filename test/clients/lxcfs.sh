# LXCFS and its hooks: a container sees its own memory and processors.
[ -c /dev/fuse ] || { echo 'this host has no /dev/fuse'; exit 77; }
libraries="$CLIENTS/usr/lib/x86_64-linux-gnu"
mkdir -p fuse
LD_LIBRARY_PATH="$libraries:$libraries/lxcfs:$CLIENTS/lib/x86_64-linux-gnu" \
  "$CLIENTS/usr/bin/lxcfs" -f -p "$SCRATCH/lxcfs.pid" "$SCRATCH/fuse" >lxcfs.log 2>&1 &
daemon=$!
for i in 1 2 3 4 5 6 7 8 9 10; do [ -e fuse/proc/meminfo ] && break; sleep 0.3; done
[ -e fuse/proc/meminfo ] || { echo 'lxcfs does not run here'; kill $daemon; exit 77; }
for hook in mount reboot; do
  sed "s#/var/lib/lxcfs#$SCRATCH/fuse#g" "$CLIENTS/usr/share/lxcfs/lxc.$hook.hook" >$hook.hook
  chmod 755 $hook.hook
done
lxc-start -n "$NAME" -s lxc.cgroup.memory.limit_in_bytes=128M -s lxc.mount.auto=proc \
  -s lxc.hook.mount="$SCRATCH/mount.hook" -s lxc.hook.post-stop="$SCRATCH/reboot.hook"
echo "start $?"
lxc-attach -n "$NAME" -- grep -E '^(MemTotal|SwapTotal)' /proc/meminfo
lxc-attach -n "$NAME" -- grep -c lxcfs /proc/mounts
lxc-attach -n "$NAME" -- sh -c 'read up rest </proc/uptime; [ "${up%.*}" -lt 60 ] && echo young'
lxc-stop -n "$NAME" -k
echo "stop $?"
umount fuse
kill $daemon
exit 0
