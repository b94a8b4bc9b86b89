#!/bin/sh
# Builds and runs a package that depends on Apus by a version, as its users do: on a copy of the last commit with a tag.
#
# Usage: Tests/Scripts/consumer.sh [FOLDER]      where to build; by default a temporary folder that is removed
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-}
if [ -z "$folder" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder/consumer/Sources/consumer"

git clone --quiet --no-hardlinks "$root" "$folder/Apus"
git -C "$folder/Apus" tag --force 1.0.0 >/dev/null

cat >"$folder/consumer/Package.swift" <<END
// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "consumer",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "file://$folder/Apus", from: "1.0.0")],
  targets: [.executableTarget(name: "consumer", dependencies: [.product(name: "Apus", package: "Apus")])]
)
END
# The README's example, and a call of it.
sed '1d' "$root/Tests/ApusConformanceTests/ReadmeExample.swift" >"$folder/consumer/Sources/consumer/Example.swift"
echo 'print("accuracy", try train(.digits()))' >"$folder/consumer/Sources/consumer/main.swift"

cd "$folder/consumer"
swift build -c release
"$(swift build -c release --show-bin-path)/consumer" | tee output.txt
tail -n 1 output.txt | grep -q '^accuracy 0\.9' || {
  echo "consumer.sh: the example did not learn" >&2
  exit 1
}
