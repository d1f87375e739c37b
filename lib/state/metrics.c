/* SPDX-License-Identifier: Apache-2.0 */
/* The file of counters: records, their places, and who gives way. Names are in metrics_words.c. */
#include "metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "hash.h"

/* A record of the file lies within one page: no writer that is killed leaves half of one. */
#define RECORD_BYTES 1024
#define READ_ROUNDS 3 /* a writer may be at work on the record that is read */
#define CLOCK_SLACK_S 86400

/* The places: the hook's durations, "(other)", then the series. */
enum { PLACE_DURATIONS, PLACE_OTHER, PLACE_FIRST, PLACE_END = PLACE_FIRST + METRICS_SERIES_MAX };

struct head {
	uint64_t check;	    /* over all that follows */
	uint64_t key;	    /* of the labels; 0: free */
	uint64_t touched_s; /* CLOCK_REALTIME */
};

struct record {
	struct head head;
	union {
		struct metrics_series series;
		struct metrics_durations durations;
	};
};
_Static_assert(sizeof(struct record) <= RECORD_BYTES, "a record has its place");

const uint64_t metrics_bucket_us[METRICS_BUCKETS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000};

static uint64_t check_of(const struct record *record)
{
	return hash_bytes(HASH_START + STATE_VERSION, &record->head.key,
			  sizeof(*record) - offsetof(struct record, head.key));
}

static uint64_t key_of(const struct metrics_labels *labels)
{
	uint64_t key = hash_string(HASH_START + STATE_VERSION, labels->namespace);

	key = hash_string(hash_string(key, labels->pod), labels->container);
	return key ? key : 1;
}

/* pwrite(2) is not among what a shim may call, lseek(2) and write(2) are. */
static int read_at(int fd, unsigned place, void *buf, size_t len)
{
	ssize_t n = pread(fd, buf, len, (off_t)place * RECORD_BYTES);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENODATA;
}

static int write_at(int fd, unsigned place, struct record *record)
{
	ssize_t n;

	record->head.touched_s = (uint64_t)time(NULL);
	record->head.check = check_of(record);
	if (lseek(fd, (off_t)place * RECORD_BYTES, SEEK_SET) < 0)
		return -errno;
	n = write(fd, record, sizeof(*record));
	if (n < 0)
		return -errno;
	return (size_t)n == sizeof(*record) ? 0 : -ENOSPC;
}

/* -ENODATA where nothing of ours is. */
static int read_record(int fd, unsigned place, struct record *out)
{
	int r = read_at(fd, place, out, sizeof(*out));

	if (r < 0)
		return r;
	return out->head.key && out->head.check == check_of(out) ? 0 : -ENODATA;
}

/* A time to come is a clock that was set back, or rubbish: it must not keep the place for ever. */
static uint64_t age_s(uint64_t touched_s, uint64_t now_s)
{
	if (touched_s <= now_s)
		return now_s - touched_s;
	return touched_s - now_s <= CLOCK_SLACK_S ? 0 : UINT64_MAX;
}

/* The place of that key: its own, a free one, the oldest one's, or "(other)". */
static unsigned find_place(int fd, uint64_t key)
{
	uint64_t now_s = (uint64_t)time(NULL), oldest = METRICS_KEEP_S;
	unsigned place, chosen = PLACE_OTHER;
	struct head head;

	for (place = PLACE_FIRST; place < PLACE_END; place++) {
		/* Places are taken in order: behind the first free one there is nothing. */
		if (read_at(fd, place, &head, sizeof(head)) < 0 || head.key == 0 || head.key == key)
			return place;
		if (age_s(head.touched_s, now_s) >= oldest) {
			oldest = age_s(head.touched_s, now_s);
			chosen = place;
		}
	}
	return chosen;
}

static void add_counts(struct metrics_counts *to, const struct metrics_counts *more)
{
	for (size_t i = 0; i < METRICS_COUNTERS; i++)
		to->counter[i] += more->counter[i];
	for (size_t i = 0; i < METRICS_ACTIONS; i++)
		for (size_t j = 0; j < METRICS_RESULTS; j++)
			to->action[i][j] += more->action[i][j];
}

static bool is_other(const struct metrics_labels *labels)
{
	return !strcmp(labels->container, METRICS_OTHER) && !labels->pod[0] &&
	       !labels->namespace[0];
}

static const struct metrics_labels other = {.container = METRICS_OTHER};

int metrics_add(const struct state_root *root, const struct identity *id,
		const struct metrics_counts *counts, unsigned wait_ms)
{
	cleanup_close int fd = state_lock(root->dirfd, METRICS_FILE, wait_ms);
	struct metrics_labels labels;
	unsigned place = PLACE_OTHER;
	struct record record;

	if (fd < 0)
		return fd;
	metrics_labels(id, &labels);
	if (!is_other(&labels))
		place = find_place(fd, key_of(&labels));
	if (place == PLACE_OTHER)
		labels = other;
	if (read_record(fd, place, &record) < 0 ||
	    !metrics_same_labels(&record.series.labels, &labels)) {
		memset(&record, 0, sizeof(record));
		record.head.key = key_of(&labels);
		record.series.labels = labels;
	}
	add_counts(&record.series.counts, counts);
	return write_at(fd, place, &record);
}

int metrics_add_duration(const struct state_root *root, enum spec_stage stage, uint64_t us,
			 unsigned wait_ms)
{
	cleanup_close int fd = state_lock(root->dirfd, METRICS_FILE, wait_ms);
	struct metrics_histogram *histogram;
	struct record record;
	size_t bucket = 0;

	if (fd < 0)
		return fd;
	if (read_record(fd, PLACE_DURATIONS, &record) < 0) {
		memset(&record, 0, sizeof(record));
		record.head.key = 1;
	}
	histogram = &record.durations.stage[stage];
	while (bucket < METRICS_BUCKETS && us > metrics_bucket_us[bucket])
		bucket++;
	histogram->bucket[bucket]++;
	histogram->sum_us += us;
	return write_at(fd, PLACE_DURATIONS, &record);
}

/* Once more where the check fails: a writer was in the middle of it. */
static int read_settled(int fd, unsigned place, struct record *out)
{
	int r = -ENODATA;

	for (unsigned round = 0; round < READ_ROUNDS && r == -ENODATA; round++)
		r = read_record(fd, place, out);
	return r;
}

int metrics_read(const struct state_root *root, struct metrics_durations *durations,
		 int (*visit)(const struct metrics_series *series, void *context), void *context)
{
	cleanup_close int fd =
	    openat(root->dirfd, METRICS_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct record record;
	int r = 0;

	*durations = (struct metrics_durations){0};
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (read_settled(fd, PLACE_DURATIONS, &record) == 0)
		*durations = record.durations;
	for (unsigned place = PLACE_OTHER; place < PLACE_END && r == 0; place++) {
		r = read_settled(fd, place, &record);
		if (r == 0)
			r = visit(&record.series, context);
		else if (r == -ENODATA)
			r = 0;
	}
	return r;
}
