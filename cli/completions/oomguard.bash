# SPDX-License-Identifier: Apache-2.0
# bash completion for oomguard: verbs, options, and the ids of containers.

_oomguard_ids() {
	local root=()

	[ -n "$1" ] && root=(--root "$1")
	# Ids with other characters are escaped in JSON and are left out.
	oomguard "${root[@]}" list --json 2>/dev/null |
		sed -n 's/^ *"id": "\([A-Za-z0-9_.+-]*\)",$/\1/p' | sort -u
}

_oomguard() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local verb= sub= root= offer= i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root | --bundle | --policy | --html | --mode | --runtime | --handler | --profile | --spec | --config | --prefix | --textfile | --sort | --interval)
			[ "${COMP_WORDS[i]}" = --root ] && root=${COMP_WORDS[i + 1]}
			((i++))
			;;
		-*) ;;
		*)
			if [ -z "$verb" ]; then
				verb=${COMP_WORDS[i]}
			elif [ -z "$sub" ]; then
				sub=${COMP_WORDS[i]}
			fi
			;;
		esac
	done
	case $before in
	--html)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--mode)
		mapfile -t COMPREPLY < <(compgen -W 'hooks wrapper base-spec' -- "$word")
		return
		;;
	--runtime)
		[ "$verb" != configure ] ||
			mapfile -t COMPREPLY < <(compgen -W 'runc crun' -- "$word")
		return
		;;
	--root | --bundle | --prefix | --textfile)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--sort)
		mapfile -t COMPREPLY < <(compgen -W 'memory usage pressure kills left state name' -- "$word")
		return
		;;
	--policy | --config | --spec)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	esac
	case $verb:$sub:$word in
	::-*) offer='--root --json --help --version' ;;
	::*) offer='list status events incidents report top explain metrics cancel doctor policy configure recover version' ;;
	events:*:-*) offer='--follow --root --json --help' ;;
	top:*:-*) offer='--interval --sort --once --root --json --help' ;;
	explain:*:-*) offer='--kmsg --journal --json --help' ;;
	metrics:*:-*) offer='--textfile --root --json --help' ;;
	report:*:-*) offer='--html --root --json --help' ;;
	policy::-*) offer='--help' ;;
	policy:show:-*) offer='--bundle --policy --json --help' ;;
	configure:*:-*)
		offer='--mode --always --handler --runtime --profile --spec --config --prefix --edit --dry-run --remove --restart --json --help'
		;;
	*:*:-*) offer='--root --json --help' ;;
	configure::*) offer='podman crio docker containerd' ;;
	policy::*) offer='check show' ;;
	explain:* | policy:check:*)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	status::* | events::* | incidents::* | report::* | cancel::*) offer=$(_oomguard_ids "$root") ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$offer" -- "$word")
}

complete -F _oomguard oomguard
