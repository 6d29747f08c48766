bwrap --ro-bind /usr /usr --ro-bind /bin /bin --ro-bind /lib /lib --ro-bind /lib64 /lib64 --dev /dev --proc /proc --tmpfs /tmp --bind . /work --chdir /work --unshare-net --uid 1000 --cap-drop ALL sh
