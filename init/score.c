/* SPDX-License-Identifier: Apache-2.0 */
#include "score.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc_file.h"

#define SCORE_MAX 1000
#define SCORE_FILE "self/oom_score_adj"

bool score_parse(const char *text, struct score *out)
{
	const char *digit = text;
	int value = 0;

	if (*digit == '+' || *digit == '-')
		digit++;
	if (!*digit)
		return false;
	for (; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		value = value * 10 + (*digit - '0');
		if (value > SCORE_MAX)
			return false;
	}
	out->set = true;
	out->relative = *text == '+';
	out->value = *text == '-' ? -value : value;
	return true;
}

static int read_score(int *out)
{
	int fd = proc_file_open(SCORE_FILE, O_RDONLY);
	char text[16];
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof text - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	*out = atoi(text);
	return 0;
}

int score_apply(const struct score *score)
{
	int value = score->value, inherited, fd, length, r;
	char text[16];

	if (score->relative) {
		r = read_score(&inherited);
		if (r < 0)
			return r;
		value += inherited;
		if (value > SCORE_MAX)
			value = SCORE_MAX;
	}
	fd = proc_file_open(SCORE_FILE, O_WRONLY);
	if (fd < 0)
		return fd;
	length = snprintf(text, sizeof text, "%d", value);
	r = write(fd, text, (size_t)length) < 0 ? -errno : 0;
	close(fd);
	return r;
}
