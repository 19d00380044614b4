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
  # A file and a folder into the testbed, changed there, and back.
  rm -rf down up && mkdir -p down/folder/below && echo down >down/file && echo deep >down/folder/below/file
  chmod 750 down/file
  printf 'copydown %s/down/file /root/file\ncopydown %s/down/folder/ /root/folder/\n' "$SCRATCH" "$SCRATCH"
  for i in 1 2 3 4 5 6 7 8 9 10; do
    lxc-attach -n "$NAME-auto" -- test -f /root/folder/below/file 2>/dev/null && break
    sleep 1
  done
  lxc-attach -n "$NAME-auto" -- sh -c 'echo more >>/root/file; ls -l /root/file | cut -c 1-10' >>inside
  mkdir up
  printf 'copyup /root/file %s/up/file\ncopyup /root/folder/ %s/up/folder/\n' "$SCRATCH" "$SCRATCH"
  printf 'revert\nclose\nquit\n'
}

for options in '' --ephemeral; do
  asked | timeout 100 "$CLIENTS/usr/bin/autopkgtest-virt-lxc" $options --name "$NAME-auto" "$NAME" 2>log.txt |
    sed 's#/tmp/autopkgtest-lxc\.[a-z0-9_]*#SHARED#' || exit 1
  cat inside up/file up/folder/below/file || exit 1
  lxc-ls -1 --filter "$NAME-auto"
done
# The source of copies is as it was.
cat "$root/sbin/runlevel"
tail -3 log.txt >&2
