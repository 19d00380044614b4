# LXC's templates, by name.
for template in download local oci sshd alpine; do
  lxc-create -n "$NAME-none" -t $template --help >help.txt 2>&1
  echo "$template $?"
done
# A container from a local image, as lxc-local unpacks it.
mkdir -p meta tree/bin tree/sbin tree/etc tree/dev tree/proc tree/sys
cp /bin/busybox tree/bin/busybox
for applet in sh sleep echo cat; do ln -s busybox tree/bin/$applet; done
printf '#!/bin/sh\nexec /bin/sleep 1000\n' >tree/sbin/init && chmod 755 tree/sbin/init
cat >meta/config <<'CONFIG'
lxc.net.0.type = empty
CONFIG
echo fresh >tree/etc/mark
echo 1 >meta/create-message
tar -C meta -cJf meta.tar.xz . && tar -C tree -cJf tree.tar.xz . || exit
lxc-create -n "$NAME-local" -t local -- --metadata "$SCRATCH/meta.tar.xz" --fstree "$SCRATCH/tree.tar.xz" >create.txt 2>&1
echo "create $?"
lxc-start -n "$NAME-local"
echo "start $?"
lxc-attach -n "$NAME-local" -- cat /etc/mark
lxc-stop -n "$NAME-local" -k
lxc-destroy -n "$NAME-local" >destroy.txt
echo "destroy $?"
