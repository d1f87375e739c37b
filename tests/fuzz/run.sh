#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes the reader of kernel logs with clang's libFuzzer, from the collected logs on.
# run.sh [SECONDS] [DIR]: DIR keeps what is found (default: a new temporary directory).
# Needs clang-14 and libclang-rt-14-dev.
set -eu
seconds=${1:-300}
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=${2:-$(mktemp -d)}
mkdir -p "$dir/corpus"
: >"$dir/config.h"
"${CLANG:-clang-14}" -g -O1 -std=gnu11 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=undefined -I"$dir" -I"$top/lib" -I/usr/include/yajl "$top/tests/fuzz/oomlog.c" \
	"$top"/lib/oomlog*.c "$top"/lib/kmsg_line.c "$top"/lib/verdict.c "$top"/lib/verdict_[!r]*.c \
	"$top"/lib/units.c "$top"/lib/escape.c "$top"/lib/json*.c "$top"/lib/error.c \
	-lyajl -o "$dir/fuzz"
echo "corpus and findings: $dir"
cd "$dir"
exec ./fuzz -max_total_time="$seconds" -max_len=20000 -timeout=20 -rss_limit_mb=1500 corpus \
	"$top/tests/logs"
