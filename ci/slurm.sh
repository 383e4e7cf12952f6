#!/bin/sh
# Tests `archsweep submit` and `collect` on a real Slurm, which this script brings up in a temporary folder and down
# again: one node, this machine, on the loopback interface alone. Ends with "N passed, N failed".
#
#   sh ci/slurm.sh PROGRAM          as root or not; takes slurmctld, slurmd, slurm-client and munge (ci/deps.sh --ci)
#   LIMIT=1 sh ci/slurm.sh PROGRAM  also waits for a real time limit, whose shortest is a minute
#
# Points that were cancelled, killed, put back into the queue or warned of a time limit must end in the very records
# that one undisturbed run leaves.
set -u
PATH=$PATH:${SBIN-/usr/local/sbin:/usr/sbin:/sbin}    # daemons are not in everybody's path
export PATH
unset SLURM_CONF OMP_NUM_THREADS
here=$(cd "$(dirname "$0")" && pwd)
passed=0
failed=0

skip()
{
	echo "slurm: $1; skipped"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

for tool in munged munge slurmctld slurmd sbatch squeue scontrol scancel; do
	command -v $tool >/dev/null || skip "$tool is missing (sh ci/deps.sh --ci installs it)"
done
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
lab=$(mktemp -d) || exit 1

# --- up and down ------------------------------------------------------------------------------------------------------

# A daemon's process, from its pid file, if it lives and is that daemon.
daemon_process()
{
	process=$(cat "$lab/$1.pid" 2>/dev/null) || return 1
	[ "$(cat "/proc/$process/comm" 2>/dev/null)" = "$1" ] && ! grep -q '^State:.Z' "/proc/$process/status" &&
		echo "$process"
}

# Ends what this script started, by the ids in its own pid files; jobs first, since only slurmctld ends them cleanly.
down()
{
	if daemon_process slurmctld >/dev/null; then
		scancel --user="$(id -un)" 2>/dev/null
		wait_until 20 no_jobs
	fi
	for daemon in slurmd slurmctld munged; do
		process=$(daemon_process $daemon) || continue
		kill "$process"
		tries=0
		while daemon_process $daemon >/dev/null && [ $tries -lt 100 ]; do
			sleep 0.1
			tries=$((tries + 1))
		done
	done
	rm -rf "$lab"
}
trap down EXIT
trap 'exit 130' INT TERM HUP

# wait_until SECONDS COMMAND...: whether the command succeeds within that time.
wait_until()
{
	until=$(($(date +%s) + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le $until ] || return 1
		sleep 0.1
	done
}

no_jobs()
{
	[ -z "$(squeue --noheader --states=all --format=%t | grep -E '^(R|CG|S|PD|CF)$')" ]
}

node_is_up()
{
	sinfo --noheader --Node --format=%T | grep -q -E '^(idle|mixed|allocated)$'
}

# Daemons listen at the address of their own host name. Where that is not a loopback one, they get a host name of their
# own.
host=$(hostname)
host=${host%%.*}
within=
case $(getent ahosts "$host" | head -n 1) in
127.*|::1*) ;;
*)
	within='unshare --uts sh -c'
	$within 'hostname localhost' 2>/dev/null || skip "the host name $host is not on the loopback interface"
	host=localhost
	;;
esac

# start COMMAND...: a daemon, which detaches itself.
start()
{
	if [ -n "$within" ]; then
		# shellcheck disable=SC2016  # the inner shell's words
		$within 'hostname localhost && exec "$@"' sh "$@"
	else
		"$@"
	fi </dev/null >>"$lab/start.log" 2>&1
}

write_configuration()
{
	cat >"$lab/slurm.conf" <<-END
	ClusterName=archsweep
	SlurmctldHost=$host(127.0.0.1)
	SlurmctldPort=$port
	SlurmdPort=$((port + 1))
	CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
	SlurmUser=$(id -un)
	SlurmdUser=$(id -un)
	AuthType=auth/munge
	CredType=cred/munge
	# cred_expire: how long a job waits after it was put back into the queue
	AuthInfo=socket=$lab/munge.socket,cred_expire=5
	StateSaveLocation=$lab/state
	SlurmdSpoolDir=$lab/spool
	SlurmctldPidFile=$lab/slurmctld.pid
	SlurmdPidFile=$lab/slurmd.pid
	SlurmctldLogFile=$lab/slurmctld.log
	SlurmdLogFile=$lab/slurmd.log
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	JobAcctGatherType=jobacct_gather/none
	AccountingStorageType=accounting_storage/none
	SwitchType=switch/none
	MpiDefault=none
	SchedulerType=sched/backfill
	SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=0,batch_sched_delay=0
	SelectType=select/cons_tres
	SelectTypeParameters=CR_CPU
	SlurmdParameters=config_overrides
	ReturnToService=2
	KillWait=5
	MinJobAge=3600
	MaxArraySize=1001
	MailProg=/bin/true
	NodeName=$host NodeAddr=127.0.0.1 CPUs=16 State=UNKNOWN
	PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
	END
}

up()
{
	port=$((20000 + $$ % 20000))
	mkdir "$lab/state" "$lab/spool" "$lab/key"
	chmod 755 "$lab"        # munged wants its socket where all may come, and its key where nobody may
	chmod 700 "$lab/state" "$lab/key"
	(umask 077 && head -c 128 /dev/urandom >"$lab/key/key")
	write_configuration
	SLURM_CONF=$lab/slurm.conf
	export SLURM_CONF
	start munged --key-file="$lab/key/key" --socket="$lab/munge.socket" --pid-file="$lab/munged.pid" \
		--log-file="$lab/munged.log" --seed-file="$lab/key/seed" &&
	start slurmctld -f "$SLURM_CONF" && start slurmd -f "$SLURM_CONF" && wait_until 30 node_is_up && return
	cat "$lab/start.log"
	tail -n 3 "$lab"/*.log
	echo "slurm: it does not come up"
	echo "0 passed, 1 failed"
	exit 1
}

# --- what is trained --------------------------------------------------------------------------------------------------

# images NAME COUNT COUNT-IN-OCTAL: IDX files of 8x8 images, whose pixels are the bytes of a text, in three classes.
images()
{
	{
		printf "\\000\\000\\010\\003\\000\\000\\000\\$3\\000\\000\\000\\010\\000\\000\\000\\010"
		head -c $(($2 * 64)) "$here/../bench/README.md"
	} >"$1-images-idx3-ubyte"
	{
		printf "\\000\\000\\010\\001\\000\\000\\000\\$3"
		# shellcheck disable=SC2059  # a format of escapes alone
		printf "$(awk -v count="$2" 'BEGIN { for (i = 0; i < count; i++) printf "\\%03o", (i * 7 + 1) % 3 }')"
	} >"$1-labels-idx1-ubyte"
}

# sweep NAME EPOCHS WIDTHS SEEDS
sweep()
{
	cat >"$1.yaml" <<-END
	data: {idx: {folder: ., validation: 32}}
	input: [8, 8, 1]
	classes: 3
	recipe: {epochs: $2, batch: 32, shift: 0.1}
	seeds: [$4]
	families:
	  - name: small
	    widths: [$3]
	    layers: [{conv: {channels: 2w, kernel: 3}}, batch_norm, relu, flatten, {dense: {units: classes}}]
	END
}

# --- cases ------------------------------------------------------------------------------------------------------------

# check TITLE COMMAND...: a test.
check()
{
	title=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$title: failed"
	fi
}

# submit SWEEP OPTION...: sets $array, the array's id, and waits for none of it.
submit()
{
	said=$("$program" submit --slurm "$@") || { echo "$said"; array=0; return 1; }
	array=$(echo "$said" | sed 's/^job \([0-9]*\) .*/\1/')
}

# same LEFT RIGHT: whether two folders have the same results, byte for byte.
same()
{
	same=0
	for table in points.tsv curves.tsv; do
		cmp "$1/$table" "$2/$table" || same=1
	done
	(cd "$1" && find points -name '*.npz') | sort >"$lab/left"
	(cd "$2" && find points -name '*.npz') | sort >"$lab/right"
	[ -s "$lab/left" ] && cmp "$lab/left" "$lab/right" || same=1
	while read -r weights; do cmp "$1/$weights" "$2/$weights" || same=1; done <"$lab/left"
	[ $same = 0 ] || tail -n 5 "$2"/slurm/*.out
	return $same
}

# One folder for all parts, then folders of their own.
parts_are_one_run()
{
	sweep short 3 '1, 2, 4' '1, 2'
	"$program" run short.yaml --reports whole --quiet >/dev/null &&
		submit short.yaml --parts 3 && submit short.yaml --parts 3 --own-folders --reports own &&
		wait_until 60 no_jobs &&
		same whole/short reports/short && same whole/short own/short
}

# parts_run COUNT: whether so many tasks of the array run.
parts_run()
{
	[ "$(squeue --noheader --states=running --array --format=%K --jobs="$array" | wc -l)" = "$1" ]
}

# A part is put back into the queue, one is warned, one is cancelled, one loses all its processes. The job that collects
# says what is missing, and a second array trains that.
disturbed_parts_are_one_run()
{
	sweep long 4000 '3, 4' '1, 2'
	"$program" run long.yaml --reports whole --quiet >/dev/null || return 1
	submit long.yaml --parts 4 && wait_until 20 parts_run 4 && wait_until 20 test -e reports/long/.lock || return 1
	sleep 0.5
	scontrol requeue "${array}_1" && scancel --batch --signal=USR1 "${array}_2" && scancel "${array}_3" &&
		scancel --full --signal=KILL "${array}_4" && wait_until 90 no_jobs || return 1
	grep -q '^2 of 4 points are missing: ' reports/long/slurm/collect.out &&
		submit long.yaml --parts 4 && wait_until 60 no_jobs && same whole/long reports/long &&
		tail -n 1 reports/long/slurm/collect.out | grep -q '^4 of 4 points are done'
}

# 200 points, a task each.
many_parts_are_one_run()
{
	sweep many 1 "1, 2, 3, 4, 5, 6, 7, 8, 9, 10" "$(seq -s , 20)"
	"$program" run many.yaml --reports whole --quiet >/dev/null &&
		submit many.yaml --parts 200 && wait_until 120 no_jobs && same whole/many reports/many
}

# A minute is the shortest limit of Slurm's.
limited_parts_are_one_run()
{
	sweep limited 80000 8 1
	submit limited.yaml --time 1 && wait_until 1800 no_jobs &&
		"$program" run limited.yaml --reports whole --quiet >/dev/null && same whole/limited reports/limited &&
		[ "$(scontrol show job "$array" | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p')" -ge 1 ]
}

up
cd "$lab" || exit 1
images train 128 200
images t10k 32 040
check 'parts are one run' parts_are_one_run
check 'disturbed parts are one run' disturbed_parts_are_one_run
check 'many parts are one run' many_parts_are_one_run
[ -z "${LIMIT-}" ] || check 'limited parts are one run' limited_parts_are_one_run
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
