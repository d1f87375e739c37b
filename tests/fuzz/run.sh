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
	-fno-sanitize-recover=undefined -I"$dir" -I/usr/include/yajl \
	-I"$top/lib/base" -I"$top/lib/json" -I"$top/lib/kernel_log" -I"$top/lib/verdict" \
	"$top/tests/fuzz/oomlog.c" "$top"/lib/kernel_log/oomlog*.c "$top"/lib/kernel_log/kmsg_line.c \
	"$top"/lib/verdict/verdict.c "$top"/lib/verdict/verdict_[!r]*.c "$top"/lib/json/json*.c \
	"$top"/lib/base/units.c "$top"/lib/base/escape.c "$top"/lib/base/error.c \
	-lyajl -o "$dir/fuzz"
echo "corpus and findings: $dir"
cd "$dir"
exec ./fuzz -max_total_time="$seconds" -max_len=20000 -timeout=20 -rss_limit_mb=1500 corpus \
	"$top/tests/logs"
