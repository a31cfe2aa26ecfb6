#!/usr/bin/env bash
# tests/addin/windows/x86.sh FOLDER   loads the 32-bit DLL of the ribbon in a 32-bit wine (load_addin.c), as root
#
# Not among the tests: it fetches 140 MB of Debian's i386 packages, into FOLDER and nowhere else. Prints "as expected".
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
project=$(readlink -f "$here/../../..")
mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial" "$1/i386/tmp/home"
folder=$(readlink -f "$1")
root=$folder/i386

# apt with nothing installed, for i386 alone
: >"$folder/apt/status"
echo "deb [arch=i386 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main" \
    >"$folder/apt/sources.list"
cat >"$folder/apt/conf" <<CONF
Dir::Etc::sourcelist "$folder/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$folder/apt/lists";
Dir::State::status "$folder/apt/status";
Dir::Cache "$folder/apt/cache";
APT::Architecture "i386";
APT::Architectures { "i386"; };
APT::Sandbox::User "root";
CONF
export APT_CONFIG=$folder/apt/conf
apt-get update -q
apt-get install -q -y --download-only --no-install-recommends wine wine32
for package in "$folder"/apt/cache/archives/*.deb; do dpkg -x "$package" "$root"; done
ln -sf wineserver32 "$root/usr/lib/wine/wineserver" # it is a script, and there is no shell

(cd "$project" && rm -rf "$folder/dll" && .venv/bin/python installer/ribbon/build.py "$folder/dll")
cp "$folder/dll/x86/qingdan.dll" "$root/tmp/"
i686-w64-mingw32-gcc -O1 -Wall -Wextra -Werror -municode -o "$root/tmp/load.exe" "$here/load_addin.c" -lole32 -loleaut32 -luuid
clsid=$(cd "$project" && .venv/bin/python -c "from addin.apps.excel.registration import CLSID; print(CLSID)")

export WINEPREFIX=/tmp/home/prefix HOME=/tmp/home WINEARCH=win32 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" PATH=/usr/lib/wine:$PATH
run() { chroot "$root" /usr/lib/wine/wine "$@"; }
mkdir -p "$root/proc" "$root/dev"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
trap 'chroot "$root" /usr/lib/wine/wineserver32 -k; umount "$root/proc" "$root/dev"' EXIT
for place in "$root/usr/lib/i386-linux-gnu/wine/i386-windows" "$root$WINEPREFIX/drive_c/windows/system32"; do
    [ -d "$place" ] || run wineboot -i || true # the second is made by it, whatever misses the library that is put there next
    cp "$root/usr/i686-w64-mingw32/lib/zlib1.dll" "$place"
done
run reg add 'HKCU\Software\Wine\Drivers' /v Graphics /d null /f # windows without a screen
chroot "$root" /usr/lib/wine/wineserver32 -k || true
said=$(run 'Z:\tmp\load.exe' 'Z:\tmp\qingdan.dll' "$clsid" | tr -d '\r')
echo "$said"
[[ $said =~ ^ribbon\ [0-9]{4}$'\n'down\ 0$'\n'box\ 1$'\n'asked\ 1\ 1$'\n'held\ 1\ 1\ 1$ ]] && echo "as expected"
