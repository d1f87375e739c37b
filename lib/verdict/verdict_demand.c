/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes asked for how much, how it grew, and whom the kernel took for it. */
#include "verdict_demand.h"

#include "verdict_rules.h"

/* Percent of the limit that was hit, except where said otherwise. */
#define ONE_SHARE 60
#define ONE_ALONE 80  /* then the rest cannot matter, whatever is not listed */
#define ONE_OF_ALL 67 /* of all processes' sum */
#define MANY_COUNT 20
#define MANY_SHARE 50
#define SMALL_OF_ALL 10 /* the largest, of the sum */
#define MISFIT_TIMES 2
#define MISFIT_SHARE 5
#define START_MS 10000
#define START_MAYBE_MS 60000
#define GROWTH_SAMPLES 3
#define GROWTH_SURE_SAMPLES 5
#define GROWTH_SPAN_MS 1000
#define GROWTH_LONG_MS 10000
#define GROWTH_SHARE 10
#define GROWTH_FIT 90 /* R squared, percent */

static bool is_victim(const struct verdict_facts *facts, int pid)
{
	for (size_t i = 0; i < facts->victims_len; i++)
		if (facts->victims[i].pid == pid)
			return true;
	return false;
}

static void count_one(struct demand *demand, const char *comm, int pid, struct figure bytes)
{
	demand->count++;
	demand->whole &= bytes.known;
	if (!bytes.known)
		return;
	demand->sum = figure_sum(FIGURE(demand->sum), bytes).n;
	if (demand->pid == 0 || bytes.n > demand->largest) {
		demand->largest = bytes.n;
		demand->comm = comm;
		demand->pid = pid;
	}
}

/* A victim may be listed too: then the larger of both figures counts, once. */
static struct figure victim_bytes(const struct verdict_facts *facts,
				  const struct verdict_process *process)
{
	struct figure bytes = verdict_footprint(process);

	for (size_t i = 0; i < facts->victims_len; i++)
		if (facts->victims[i].pid == process->pid && facts->victims[i].rss.known &&
		    (!bytes.known || facts->victims[i].rss.n > bytes.n))
			bytes = facts->victims[i].rss;
	return bytes;
}

static bool is_listed(const struct verdict_facts *facts, int pid)
{
	for (size_t i = 0; i < facts->processes_len; i++)
		if (facts->processes[i].pid == pid)
			return true;
	return false;
}

void demand_of(const struct verdict_facts *facts, struct demand *out)
{
	*out = (struct demand){.whole = facts->processes_len > 0 && facts->processes_more.known &&
					facts->processes_more.n == 0};
	for (size_t i = 0; i < facts->processes_len; i++) {
		const struct verdict_process *process = &facts->processes[i];

		if (process->state != 'Z')
			count_one(out, process->comm, process->pid, victim_bytes(facts, process));
	}
	for (size_t i = 0; i < facts->victims_len; i++) {
		const struct verdict_victim *victim = &facts->victims[i];

		if (!is_listed(facts, victim->pid))
			count_one(out, victim->comm, victim->pid, victim->rss);
	}
	if (facts->processes_more.known)
		out->count += facts->processes_more.n;
}

/* What is plotted: memory that only a kill or the program itself gives back. */
static struct figure held(const struct verdict_sample *sample)
{
	if (sample->anon.known)
		return figure_sum(figure_sum(sample->anon, sample->shmem), sample->swap);
	return sample->usage;
}

bool growth_of(const struct verdict_facts *facts, struct growth *out)
{
	double n = 0, sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0, sum_yy = 0, origin = 0;
	double var_x, var_y, covar;

	*out = (struct growth){0};
	for (size_t i = 0; i < facts->timeline_len; i++) {
		struct figure bytes = held(&facts->timeline[i]);
		double x = -(double)facts->timeline[i].age_ms / 1000, y;

		if (!bytes.known)
			continue;
		if (n == 0) {
			out->first = bytes.n;
			out->span_ms = facts->timeline[i].age_ms;
			origin = x;
		}
		out->last = bytes.n;
		out->end_age_ms = facts->timeline[i].age_ms;
		/* Moved to the first sample, so that squares of large numbers lose nothing. */
		x -= origin;
		y = (double)bytes.n - (double)out->first;
		n++;
		sum_x += x;
		sum_y += y;
		sum_xx += x * x;
		sum_xy += x * y;
		sum_yy += y * y;
	}
	out->samples = (size_t)n;
	out->span_ms -= out->span_ms > out->end_age_ms ? out->end_age_ms : out->span_ms;
	var_x = n * sum_xx - sum_x * sum_x;
	var_y = n * sum_yy - sum_y * sum_y;
	covar = n * sum_xy - sum_x * sum_y;
	if (n < GROWTH_SAMPLES || var_x <= 0 || var_y <= 0 || covar <= 0)
		return false;
	out->per_second = (uint64_t)(covar / var_x);
	out->fit_percent = (unsigned)(100 * (covar / var_x) * (covar / var_y));
	return out->per_second > 0 && out->span_ms >= GROWTH_SPAN_MS &&
	       out->fit_percent >= GROWTH_FIT && out->last > out->first;
}

static bool steady_growth(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure usage = facts->memory.usage;
	struct growth growth;

	if (!growth_of(facts, &growth) ||
	    !figure_reaches(FIGURE(growth.last - growth.first), GROWTH_SHARE, facts->limit))
		return false;
	verdict->confidence =
	    growth.span_ms >= GROWTH_LONG_MS && growth.samples >= GROWTH_SURE_SAMPLES
		? VERDICT_LIKELY
		: VERDICT_POSSIBLE;
	verdict_add(verdict, "growth", UNIT_BYTES_PER_SECOND, growth.per_second, "%s", "");
	verdict_add(verdict, "seen for", UNIT_MS, growth.span_ms, "%s", "");
	verdict_add(verdict, "fits a straight line", UNIT_PERCENT, growth.fit_percent, "%s", "");
	if (facts->event == VERDICT_OF_NEAR_LIMIT && usage.known && facts->limit.n > usage.n)
		verdict_add(verdict, "time to the limit at this rate", UNIT_MS,
			    (facts->limit.n - usage.n) * 1000 / growth.per_second, "%s", "");
	else
		verdict_add(verdict, "twice the limit would last longer by", UNIT_MS,
			    facts->limit.n / growth.per_second * 1000, "%s", "");
	return true;
}

/* All workers of a storm are small; who is listed is the largest. */
static bool many_small(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure all = facts->memory.anon;
	struct demand demand;

	demand_of(facts, &demand);
	if (demand.whole || !all.known || demand.sum > all.n)
		all = FIGURE(demand.sum);
	if (demand.count < MANY_COUNT || !figure_reaches(all, MANY_SHARE, facts->limit) ||
	    figure_reaches(FIGURE(demand.largest), SMALL_OF_ALL + 1, all))
		return false;
	verdict->confidence = facts->processes_len > 0 ? VERDICT_LIKELY : VERDICT_POSSIBLE;
	verdict_add(verdict, "alive or killed in this event", UNIT_COUNT, demand.count,
		    "processes");
	verdict_add(verdict, "largest of them", UNIT_BYTES, demand.largest, VERDICT_WHO,
		    demand.comm, demand.pid);
	verdict_add_known(verdict, "all together", UNIT_BYTES, all);
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	if (facts->kills.known && facts->kills.n > 0)
		verdict_add(verdict, "killed by the kernel", UNIT_COUNT, facts->kills.n,
			    "processes");
	return true;
}

static bool one_too_large(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure largest;
	struct demand demand;
	bool alone;

	demand_of(facts, &demand);
	largest = FIGURE(demand.largest);
	alone = figure_reaches(largest, ONE_ALONE, facts->limit);
	if (demand.pid == 0 || !figure_reaches(largest, ONE_SHARE, facts->limit) ||
	    !figure_reaches(largest, ONE_OF_ALL, FIGURE(demand.sum)))
		return false;
	verdict->confidence = alone || demand.whole ? VERDICT_LIKELY : VERDICT_POSSIBLE;
	verdict_add(verdict, "largest process", UNIT_BYTES, demand.largest, VERDICT_WHO,
		    demand.comm, demand.pid);
	verdict_add(verdict, "its share of the limit", UNIT_PERCENT,
		    (uint64_t)((unsigned __int128)demand.largest * 100 / facts->limit.n), "%s", "");
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->limit);
	if (demand.count > 1 && demand.whole)
		verdict_add(verdict, "all others together", UNIT_BYTES, demand.sum - demand.largest,
			    "%s", "");
	return true;
}

static bool limit_below_start(const struct verdict_facts *facts, struct verdict *verdict)
{
	struct figure age = facts->since_armed_ms;
	bool again = facts->restarts_used.known && facts->restarts_used.n > 0;
	struct growth growth;

	if (facts->event == VERDICT_OF_NEAR_LIMIT || facts->whose != WHOSE_OWN || !age.known ||
	    age.n > START_MAYBE_MS || verdict_held_at_high(facts))
		return false;
	verdict->confidence = age.n <= START_MS && again && !growth_of(facts, &growth)
				  ? VERDICT_LIKELY
				  : VERDICT_POSSIBLE;
	verdict_add(verdict, "from the start to the event", UNIT_MS, age.n, "%s", "");
	verdict_add_known(verdict, "limit", UNIT_BYTES, facts->own_limit);
	verdict_add_known(verdict, "working set", UNIT_BYTES, facts->memory.working_set);
	if (again)
		verdict_add(verdict, "before that it was restarted", UNIT_COUNT,
			    facts->restarts_used.n, "times");
	return true;
}

static bool child_killed(const struct verdict_facts *facts, struct verdict *verdict)
{
	if (facts->event != VERDICT_OF_OOM || facts->init_alive != FACT_YES ||
	    facts->group_kill == FACT_YES || !facts->kills.known || facts->kills.n == 0)
		return false;
	for (size_t i = 0; i < facts->victims_len; i++)
		if (facts->victims[i].init == FACT_YES)
			return false;
	verdict->confidence = VERDICT_CERTAIN;
	verdict_add(verdict, "killed by the kernel", UNIT_COUNT, facts->kills.n, "processes");
	if (facts->victims_len > 0)
		verdict_add(verdict, "first of them", UNIT_WORD, 0, VERDICT_WHO,
			    facts->victims[0].comm, facts->victims[0].pid);
	verdict_add(verdict, "the container's init", UNIT_WORD, 0, "alive");
	return true;
}

/* The largest that the kernel spared, at a lower score than the victim's. */
static const struct verdict_process *spared(const struct verdict_facts *facts,
					    const struct verdict_victim *victim)
{
	const struct verdict_process *largest = NULL;

	for (size_t i = 0; i < facts->processes_len; i++) {
		const struct verdict_process *process = &facts->processes[i];
		struct figure bytes = verdict_footprint(process);

		if (is_victim(facts, process->pid) || !bytes.known || !process->has_score ||
		    process->oom_score_adj >= victim->oom_score_adj)
			continue;
		if (!largest || bytes.n > verdict_footprint(largest).n)
			largest = process;
	}
	return largest;
}

static bool score_misfit(const struct verdict_facts *facts, struct verdict *verdict)
{
	const struct verdict_victim *victim = facts->victims_len ? &facts->victims[0] : NULL;
	const struct verdict_process *process;
	struct figure bytes;

	if (!victim || !victim->has_score || !victim->rss.known || facts->group_kill == FACT_YES)
		return false;
	process = spared(facts, victim);
	bytes = process ? verdict_footprint(process) : (struct figure){0};
	if (!process || bytes.n < MISFIT_TIMES * victim->rss.n ||
	    !figure_reaches(FIGURE(bytes.n - victim->rss.n), MISFIT_SHARE, facts->limit))
		return false;
	verdict->confidence = VERDICT_CERTAIN;
	verdict_add(verdict, "killed", UNIT_BYTES, victim->rss.n, VERDICT_WHO, victim->comm,
		    victim->pid);
	verdict_add(verdict, "its score", UNIT_SCORE, (uint64_t)(int64_t)victim->oom_score_adj,
		    "%s", "");
	verdict_add(verdict, "spared", UNIT_BYTES, bytes.n, VERDICT_WHO, process->comm,
		    process->pid);
	verdict_add(verdict, "its score", UNIT_SCORE, (uint64_t)(int64_t)process->oom_score_adj,
		    "%s", "");
	return true;
}

static const struct verdict_rule rules[] = {
    {"steady-growth", "Memory grew steadily until the limit was near, as a leak does",
     VERDICT_CAUSE, steady_growth,
     "Look for what is kept and never freed: take a heap profile twice and compare. A larger limit "
     "only puts the next time off. onNearLimit can send the service a signal to dump its heap.",
     "Usage settles at a level below the limit after a while."},
    {"many-small-processes", "Many small processes together fill the limit, none of them is large",
     VERDICT_CAUSE, many_small,
     "Limit how many run at a time (workers, pids limit), or raise the limit to what that number "
     "needs.",
     "One process grew and was already gone when the list was read."},
    {"one-process-too-large", "One process alone needs nearly all of the limit", VERDICT_CAUSE,
     one_too_large,
     "Bound that process (heap size such as -Xmx or GOMEMLIMIT, cache size, batch size), or raise "
     "the limit above what it needs.",
     "Its memory is mostly shared with others: then Pss is much lower than Rss."},
    {"limit-below-start",
     "The limit was hit soon after the start: it may be below what the start "
     "needs",
     VERDICT_CAUSE, limit_below_start,
     "Raise the limit for one run and see where usage settles; then set the limit some 20 % above "
     "that.",
     "With a larger limit usage goes on growing: then it is a leak or one process too large."},
    {"child-killed-init-alive",
     "A worker was killed and the container's init lives on: the "
     "platform says running",
     VERDICT_EFFECT, child_killed,
     "Have the init end when a worker dies or start a new one; or set \"onOom\": {\"process\": "
     "\"restart\"} in the policy.",
     "The worker was started again by its parent."},
    {"score-misfit",
     "The kernel took a smaller process and spared a larger one, because of their "
     "oom_score_adj",
     VERDICT_EFFECT, score_misfit,
     "Set the scores by role: settings.oomScoreAdj.init below settings.oomScoreAdj.workload, and "
     "oomScoreAdj.rules for processes by name.",
     "The larger process had grown only after the kill."},
};

const struct verdict_topic verdict_demand = VERDICT_TOPIC(rules);
