#!/bin/sh
# Compares the scripts of examples/python with C++ if the Python packages that they need are installed. Otherwise it
# names a missing package and exits with code 77, which ctest reports as skipped.
#   sh tests/examples/python.test.sh PATH_OF_PYTHON_PEER [COMMAND...]
# The command builds python_peer. The variable PYTHON selects an interpreter, for example PYTHON=venv/bin/python3.
set -u
python=${PYTHON:-python3}
peer=$1
shift
if ! command -v "$python" >/dev/null; then
  echo "skipped: there is no $python"
  exit 77
fi
for package in numpy safetensors torch keras onnx onnxruntime; do
  if ! "$python" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('$package') is None)"; then
    echo "skipped: $python has no package $package (pip install $package)"
    exit 77
  fi
done
if [ $# -gt 0 ]; then
  "$@" || exit 1
fi
exec "$python" "$(dirname "$0")/python.test.py" "$peer"
