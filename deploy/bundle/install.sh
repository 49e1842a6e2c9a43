#!/bin/sh
# 安装到 gancheng 目录，不需要网络。 Installs into the folder gancheng, without a network: sh install.sh [FOLDER]
set -eu
target=${1:-gancheng}
case $target in /*) ;; *) target=$PWD/$target ;; esac
cd "$(dirname "$0")"
sha256sum --quiet --check SHA256SUMS
"${PYTHON:-python3}" -m venv "$target"
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels \
	--no-deps --require-hashes --requirement requirements.txt
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps gancheng-*.whl
echo "$target/bin/gancheng demo"
