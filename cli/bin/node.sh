# Sourced by our shell scripts: sets $node to the Node 26 that came along as an npm package, or ends with one line
# saying what to do. Its build needs libatomic, which a bare Debian lacks: installed when $install_runtime is not empty.
root=$(cd "$(dirname "$(readlink -f "$0")")/${up:-../..}" && pwd)
node=$root/node_modules/.bin/node
if [ ! -x "$node" ]; then
  echo "kapell: the packages are not installed: run \"npm ci\" in $root" >&2
  exit 1
fi
if ! why=$("$node" --version 2>&1 >/dev/null); then
  case $why in
    *libatomic*) ;;
    *) echo "kapell: the Node.js of this project cannot start here: $why" >&2; exit 1 ;;
  esac
  if [ -z "${install_runtime:-}" ]; then
    echo "kapell: Node.js 26 needs the Debian package libatomic1: run \"npm start -- --install-runtime\", or \"apt-get install libatomic1\"" >&2
    exit 1
  fi
  echo "Installing the Debian package libatomic1, which Node.js 26 needs"
  { apt-get install -y -qq libatomic1 || { apt-get update -qq && apt-get install -y -qq libatomic1; }; } >/dev/null 2>&1 \
    || { echo "kapell: cannot install libatomic1; as root, try \"apt-get update && apt-get install libatomic1\"" >&2; exit 1; }
fi
