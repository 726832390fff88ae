#!/bin/sh
# npm test: what it needs is installed by the same means as `npm start -- --install-runtime`.
up=.. install_runtime=yes
. "$(dirname "$(readlink -f "$0")")/../cli/bin/node.sh"
exec "$node" "$root/test/run-all.ts" "$@"
