#!/usr/bin/env bash
# Finds or fetches the plainly of the action's own version, and names it in the output `binary`. In this order: the
# binary that PLAINLY_BIN names, the runner's tool cache, a release archive whose checksum (and attestation, where
# `gh` is there) is right, a build from the action's own checkout.
set -euo pipefail

use() {
  echo "binary=$1" >>"$GITHUB_OUTPUT"
  echo "plainly: $2"
  exit 0
}
fail() {
  echo "::error title=plainly::$1"
  exit 1
}

if [[ -n "${PLAINLY_BIN:-}" ]]; then
  [[ -x "$PLAINLY_BIN" ]] || fail "PLAINLY_BIN names no program that can be run: $PLAINLY_BIN"
  use "$PLAINLY_BIN" "using the given binary"
fi

action="${PLAINLY_ACTION%/}"
version="$(sed -n 's/^version = "\([0-9][0-9A-Za-z.+-]*\)"$/\1/p' "$action/Cargo.toml" | head -n 1)"
[[ -n "$version" ]] || fail "no version in the action's Cargo.toml; is the action checked out whole?"

suffix=""
case "${RUNNER_OS:-}-${RUNNER_ARCH:-}" in
  Linux-X64) target=x86_64-unknown-linux-musl ;;
  Linux-ARM64) target=aarch64-unknown-linux-musl ;;
  macOS-X64) target=x86_64-apple-darwin ;;
  macOS-ARM64) target=aarch64-apple-darwin ;;
  Windows-X64) target=x86_64-pc-windows-msvc suffix=.exe ;;
  *) target=none ;;
esac

cache="${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/plainly/$version/$target"
[[ -x "$cache/plainly$suffix" ]] && use "$cache/plainly$suffix" "using version $version of the tool cache"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Moved into its place in one step, so that a run that was cut off leaves nothing half-done.
keep() {
  mkdir -p "$(dirname "$cache")"
  rm -rf "$cache"
  mv "$1" "$cache"
}

from_release() {
  local repository="${PLAINLY_REPOSITORY:-}" name="plainly-$version-$target.tar.gz" base sum=(sha256sum)
  [[ "$target" != none && ( -n "$repository" || -n "${PLAINLY_RELEASES:-}" ) ]] || return 1
  base="${PLAINLY_RELEASES:-${GITHUB_SERVER_URL:-https://github.com}/$repository/releases/download}/v$version"
  get() { curl --fail --silent --show-error --location --retry 2 --max-time 120 --output "$work/$1" "$base/$1"; }
  get SHA256SUMS && get "$name" || return 1
  command -v sha256sum >/dev/null || sum=(shasum -a 256)
  (
    cd "$work"
    grep -E "^[0-9a-f]{64} [ *]$name\$" SHA256SUMS >one || exit 1
    "${sum[@]}" -c one >/dev/null 2>&1
  ) || fail "the checksum of $name does not match; nothing was run. Try again, and report it if it stays so"
  if [[ -n "$repository" && -n "${GH_TOKEN:-}" ]] && gh attestation verify --help >/dev/null 2>&1; then
    gh attestation verify "$work/$name" --repo "$repository" \
      --signer-workflow "$repository/.github/workflows/release.yml" >/dev/null ||
      fail "$name was not built by the release workflow of $repository; nothing was run"
  fi
  mkdir "$work/out"
  tar -xzf "$work/$name" -C "$work/out" "plainly$suffix"
  keep "$work/out"
}

from_source() {
  command -v cargo >/dev/null || return 1
  echo "plainly: no release for this machine, building version $version (some minutes)"
  cargo install --quiet --locked --path "$action" --root "$work/built" --target-dir "$work/target" || return 1
  keep "$work/built/bin"
}

from_release && use "$cache/plainly$suffix" "using release $version"
from_source && use "$cache/plainly$suffix" "using version $version, built here"
fail "no release $version for ${RUNNER_OS:-this system} ${RUNNER_ARCH:-} and no cargo to build it. \
Set PLAINLY_BIN to a plainly that is there, or add a step that installs Rust"
