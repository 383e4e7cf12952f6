#!/bin/sh
# Installs the packages that archsweep needs, and only those that are missing. Asks nothing, prints nothing where
# nothing is missing.
#
#   sh ci/deps.sh               to build, train and draw
#   sh ci/deps.sh --build       to build and to count parameters
#   sh ci/deps.sh --ci          all of it, and what the project's own check needs besides
#
# As root, or with a sudo that asks no password. Without apt, or without the right: prints what is missing and exits 1.
set -eu

# group, package (any one of a|b is enough, the first is installed), reason
packages()
{
	cat <<-'END'
	build  gcc                                 compiles the program
	build  libc6-dev                           the C library's headers
	build  make                                runs the Makefile
	build  pkg-config|pkgconf                  tells where libraries are
	build  libopenblas0-openmp                 matrix products of large dense layers, OpenMP's build
	build  libyaml-dev                         reads sweeps and families
	build  zlib1g-dev                          reads gzipped data sets
	build  libzip-dev                          reads and writes weights as .npz archives
	build  libpng-dev                          writes grids of images
	sweep  gnuplot-nox|gnuplot-qt|gnuplot-x11  draws the pictures
	sweep  fonts-dejavu-core                   the letters in them
	sweep  dataset-fashion-mnist               the 70,000 images of the default sweep
	ci     clang                               the second compiler of the check
	ci     libomp-dev                          its OpenMP
	ci     parallel                            GNU parallel, for the test of runs side by side
	ci     slurmctld                           a Slurm for ci/slurm.sh: its controller,
	ci     slurmd                              the daemon of a node,
	ci     slurm-client                        its commands,
	ci     munge                               and what they know each other by
	ci     libclang-rt-dev|libclang-rt-14-dev  its libFuzzer
	ci     valgrind                            what the program does with its memory
	END
}

case "${1-}" in
--build) groups='build' ;;
--ci) groups='build sweep ci' ;;
'') groups='build sweep' ;;
*) echo "usage: sh ci/deps.sh [--build | --ci]" >&2; exit 2 ;;
esac

# The lines of packages() that this machine lacks: a package's state, or on other systems the tool or library itself.
missing_packages()
{
	wanted=$(packages | awk -v groups=" $groups " 'index(groups, " " $1 " ")')
	if command -v dpkg-query >/dev/null; then
		names=$(echo "$wanted" | awk '{ gsub(/\|/, " ", $2); print $2 }')
		# shellcheck disable=SC2086  # one word a package
		installed=$(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' $names 2>/dev/null |
			awk '$2 == "ii" { print $1 }') || :
		echo "$wanted" | awk -v installed="$installed" '
			BEGIN { count = split(installed, list); for (i = 1; i <= count; i++) have[list[i]] = 1 }
			{ count = split($2, any, "|"); found = 0; for (i = 1; i <= count; i++) found += any[i] in have }
			!found'
	else
		echo "$wanted" | while read -r line; do has_without_dpkg "${line#* }" || echo "$line"; done
	fi
}

# Whether a line's tool or library is there where packages have other names. Fonts and data are the user's to see to.
has_without_dpkg()
{
	set -- $1
	case "$1" in
	gcc|make|clang|parallel|slurmctld|slurmd|munge) command -v "$1" ;;
	slurm-client) command -v sbatch ;;
	pkg-config*) command -v pkg-config ;;
	gnuplot*) command -v gnuplot ;;
	libopenblas*) { ldconfig -p || /sbin/ldconfig -p; } | grep -q 'libopenblaso\{0,1\}\.so\.0' ;;
	libyaml*) pkg-config --exists yaml-0.1 ;;
	zlib*) pkg-config --exists zlib ;;
	libzip*) pkg-config --exists libzip ;;
	libpng*) pkg-config --exists libpng ;;
	esac >/dev/null 2>&1
}

list_missing()
{
	echo "$missing" | awk '{
		$1 = ""; name = $2; $2 = ""; sub(/^ */, ""); sub(/\|.*/, "", name)
		printf "  %-24s %s\n", name, $0
	}'
}

missing=$(missing_packages)
[ -n "$missing" ] || exit 0
names=$(echo "$missing" | awk '{ sub(/\|.*/, "", $2); printf "%s%s", separator, $2; separator = " " }')

refuse()
{
	{ echo "$1"; echo "These packages are missing (Debian's names):"; list_missing; } >&2
	exit 1
}

command -v apt-get >/dev/null || refuse "There is no apt here."
if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as_root='sudo -n'
else
	refuse "It takes root: sudo apt-get install --no-install-recommends $names"
fi

apt()
{
	$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 --no-install-recommends "$@"
}

# Without package lists, or with lists that name files which are gone, one update is needed.
{ echo "installing:"; list_missing; } >&2
# shellcheck disable=SC2086
{ apt -s install $names >/dev/null 2>&1 || apt update; } >&2
# shellcheck disable=SC2086
{ apt install $names || { apt update && apt install $names; }; } >&2
missing=$(missing_packages)
[ -z "$missing" ] || refuse "apt-get did not install everything."
