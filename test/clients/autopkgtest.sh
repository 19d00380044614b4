# autopkgtest's testbed for LXC: opened, used, closed, by the protocol that autopkgtest speaks.
export PYTHONPATH="$CLIENTS/usr/share/autopkgtest/lib"
root="$LXCPATH/$NAME/rootfs"
# What it takes for granted of a Debian guest, in terms of busybox. The names may be links, through
# which nothing must be written.
rm -f "$root/sbin/runlevel" "$root/bin/bash" "$root/bin/getent"
printf '#!/bin/sh\necho "N 2"\n' >"$root/sbin/runlevel"
printf '#!/bin/sh\nexec /bin/sh "$@"\n' >"$root/bin/bash"
printf '#!/bin/sh\nexit 0\n' >"$root/bin/getent"
chmod 755 "$root/sbin/runlevel" "$root/bin/bash" "$root/bin/getent"
# The guest has no network that could be waited for.
echo 'exit 0' >"$PYTHONPATH/in-testbed/await-boot.sh"

# What the testbed is asked; in the middle it is looked at from beside.
asked() {
  printf 'capabilities\nopen\n'
  for i in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(lxc-info -n "$NAME-auto" -sH 2>/dev/null)" = RUNNING ] && break
    sleep 1
  done
  lxc-attach -n "$NAME-auto" -- sh -c 'echo "in $(hostname)"' >inside
  printf 'revert\nclose\nquit\n'
}

for options in '' --ephemeral; do
  asked | timeout 100 "$CLIENTS/usr/bin/autopkgtest-virt-lxc" $options --name "$NAME-auto" "$NAME" 2>log.txt |
    sed 's#/tmp/autopkgtest-lxc\.[a-z0-9_]*#SHARED#' || exit 1
  cat inside
  lxc-ls -1 --filter "$NAME-auto"
done
# The source of copies is as it was.
cat "$root/sbin/runlevel"
tail -3 log.txt >&2
