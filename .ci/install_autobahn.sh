#!/bin/bash
# Autobahn|Testsuite on a Debian 12 machine WITHOUT any Python 2: takes CPython 2.7 out of Debian 11 (bullseye) .debs into a private folder, nothing is installed system-wide.
# usage: install_autobahn.sh DIR [0.8.2|25.10.1]    -> DIR/wstest
# needs: python3 with pip+venv, gcc (for wsaccel), apt-get, dpkg-deb
set -euo pipefail
D=$(realpath -m "${1:?dir}"); V=${2:-25.10.1}; mkdir -p "$D/apt/lists/partial" "$D/apt/cache/archives/partial" "$D/debs"
MIRROR=$( (cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true) | grep -oE "https?://[^ ]+/debian/?( |$)" | grep -v snapshot | head -1 | tr -d " " || true); [ -n "$MIRROR" ] || { echo "no Debian registry found in /etc/apt" >&2; exit 1; }   # the one this machine already uses
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no] $MIRROR bullseye main" > "$D/apt/src.list"
O="-o Dir::Etc::sourcelist=$D/apt/src.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$D/apt/lists -o Dir::Cache=$D/apt/cache -o APT::Sandbox::User=root"
apt-get -q $O update > "$D/apt/update.log" 2>&1 || { cat "$D/apt/update.log"; exit 1; }
(cd "$D/debs" && apt-get -q $O download python2.7-minimal python2.7 libpython2.7-minimal libpython2.7-stdlib libpython2.7 libpython2.7-dev python2.7-dev libssl1.1 libffi7 > ../apt/dl.log 2>&1) || { cat "$D/apt/dl.log"; exit 1; }
for f in "$D"/debs/*.deb; do dpkg-deb -x "$f" "$D/tree"; done
P=$D/tree/usr; L=$P/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$L
"$P/bin/python2.7" -c 'import sys, ssl, zlib, ctypes; print sys.version.split()[0], sys.prefix, ssl.OPENSSL_VERSION, sys.maxunicode == 0x10ffff'
env -u LD_LIBRARY_PATH python3 -m venv "$D/vtool"; env -u LD_LIBRARY_PATH "$D/vtool/bin/pip" -q install 'virtualenv==20.15.1' 'setuptools<81' 2>&1 | grep -v notice || true
env -u LD_LIBRARY_PATH LD_LIBRARY_PATH=$L "$D/vtool/bin/python" -m virtualenv -q -p "$P/bin/python2.7" "$D/env"
C_INCLUDE_PATH=$P/include/python2.7:$P/include CPATH=$P/include/python2.7:$P/include "$D/env/bin/pip" --disable-pip-version-check -q install "autobahntestsuite==$V" 2>&1 | grep -iv deprecat || true
cat > "$D/wstest" <<W
#!/bin/sh
LD_LIBRARY_PATH=$L PYTHONWARNINGS=ignore exec "$D/env/bin/python" "$D/env/bin/wstest" "\$@"
W
chmod +x "$D/wstest"; "$D/wstest" -a
