#!/bin/bash
# Installs nginx on Debian, for tests/interop, and does not let the installation start it: it would listen on every address.
set -euo pipefail

POLICY=/usr/sbin/policy-rc.d # Who wants to start a service asks it: 101 says no.
if [ ! -e "$POLICY" ]; then
    trap 'rm -f "$POLICY"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$POLICY"
    chmod +x "$POLICY"
fi
apt-get -q -y --no-install-recommends install nginx-light openssl > /dev/null
