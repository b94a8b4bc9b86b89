#!/bin/sh
# Installs what Apus is measured beside: a virtual environment with requirements.txt, and on Debian and Ubuntu the
# packages of OpenBLAS, CLBlast, PoCL and a compiler for torch.compile. What is there already is left alone.
#
# Usage: Benchmarks/peers/install.sh      prints the environment's Python on its last line
#
# APUS_PEERS is the environment's folder, ~/.cache/apus/peers by default.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
environment=${APUS_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/apus/peers}

missing=
if command -v dpkg-query >/dev/null; then
  for package in libopenblas0 libclblast1 ocl-icd-libopencl1 pocl-opencl-icd g++ python3-venv; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
fi
if [ -n "$missing" ]; then
  echo "installing$missing" >&2
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  # A peer that cannot be installed is left out of the comparison; it does not end it.
  if ! { $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq $missing; } >/dev/null; then
    echo "could not install:$missing" >&2
  fi
fi

if ! cmp -s "$here/requirements.txt" "$environment/requirements.txt"; then
  echo "making $environment" >&2
  if ! python3 -m venv "$environment"; then
    echo "could not make $environment: the peers that are Python packages are left out" >&2
    echo python3
    exit
  fi
  # The requirements are copied last, so that an interrupted installation is made again.
  if "$environment/bin/pip" install --quiet --disable-pip-version-check --retries 0 \
    --requirement "$here/requirements.txt" >&2; then
    cp "$here/requirements.txt" "$environment/requirements.txt"
  else
    echo "could not install every package of requirements.txt" >&2
  fi
fi
echo "$environment/bin/python"
