/* SPDX-License-Identifier: Apache-2.0 */
#include "report_timeline.h"

const char *series_name(enum series series)
{
	static const char *const names[SERIES_COUNT] = {
	    [SERIES_USAGE] = "usage",	[SERIES_ANON] = "anonymous",  [SERIES_SHMEM] = "shared",
	    [SERIES_KERNEL] = "kernel", [SERIES_FILE] = "page cache", [SERIES_SWAP] = "in swap",
	};

	return names[series];
}

uint64_t series_value(const struct verdict_sample *sample, enum series series)
{
	switch (series) {
	case SERIES_USAGE:
		break;
	case SERIES_ANON:
		return sample->anon.n;
	case SERIES_SHMEM:
		return sample->shmem.n;
	case SERIES_KERNEL:
		return sample->kernel.n;
	case SERIES_FILE:
		return sample->file.n > sample->shmem.n ? sample->file.n - sample->shmem.n : 0;
	case SERIES_SWAP:
		return sample->swap.n;
	}
	return sample->usage.n;
}

bool timeline_make(const struct verdict_facts *facts, struct timeline *out)
{
	*out = (struct timeline){.samples = facts->timeline, .len = facts->timeline_len};
	if (out->len < 2 || out->samples[0].age_ms <= out->samples[out->len - 1].age_ms)
		return false;
	out->span_ms = out->samples[0].age_ms;
	out->has_limit = facts->own_limit.known && facts->own_limit.n != FIGURE_NO_LIMIT;
	out->limit = out->has_limit ? facts->own_limit.n : 0;
	out->top = out->limit ? out->limit : 1;
	for (size_t i = 0; i < out->len; i++)
		if (out->samples[i].usage.n > out->top)
			out->top = out->samples[i].usage.n;
	return true;
}

uint64_t timeline_resample(const struct timeline *timeline, enum series series, uint64_t *values,
			   size_t len)
{
	uint64_t most = 0;
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		/* Point i stands for the time up to its right edge. */
		uint64_t age = timeline->span_ms - timeline->span_ms / len * (i + 1);

		while (at + 1 < timeline->len && timeline->samples[at + 1].age_ms >= age)
			at++;
		values[i] = series_value(&timeline->samples[at], series);
		most = values[i] > most ? values[i] : most;
	}
	return most;
}
