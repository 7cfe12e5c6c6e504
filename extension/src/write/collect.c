/*-------------------------------------------------------------------------
 *
 * collect.c
 *	  Takes in invalidations from rules and people.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/bounded_key.h"
#include "consume/consumer.h"
#include "nodes/pg_list.h"
#include "rule/template.h"
#include "write/collect.h"
#include "write/pending.h"

/* explain()'s, while it runs its statement. */
static const CollectRecorder *current_recorder = NULL;

const CollectRecorder *
collect_set_recorder(const CollectRecorder *recorder)
{
	const CollectRecorder *last = current_recorder;

	current_recorder = recorder;
	return last;
}

/* Who cannot be asked may want anything: each target resyncs then. */
static bool
are_known(void)
{
	bool		passes_by_itself;
	const char *problem = consumer_find_problem(&passes_by_itself);

	if (problem != NULL)
		pending_add_gap(problem, passes_by_itself);
	return problem == NULL;
}

static bool
has_consumer(const char *target, Size target_length)
{
	int32		id = consumer_find(target, target_length);

	if (id == CONSUMER_UNKNOWN)
		(void) are_known();
	return id > 0;
}

bool
collect_wants(const char *target, Size target_length)
{
	return current_recorder != NULL || has_consumer(target, target_length);
}

bool
collect_wants_any(void)
{
	return current_recorder != NULL || (are_known() && consumer_list_targets() != NIL);
}

void
collect_add(const CollectSource *source, const char *target,
			InvalidationAction action, const char *key, Size key_length)
{
	/* what a rule's text makes by itself may be of any length */
	(void) bounded_key_replace(&action, &key, &key_length);
	if (current_recorder != NULL)
		current_recorder->record(source, target, action, key, key_length,
								 current_recorder->argument);
	pending_add(target, action, key, key_length, !OidIsValid(source->relation_id));
}

void
collect_add_text(const CollectSource *source, const char *text, Size length)
{
	TemplateReader reader;
	char	   *target = NULL;

	template_reader_init(&reader, text, length);
	if (reader.error == NULL && has_consumer(reader.target, reader.target_length))
	{
		target = pnstrdup(reader.target, reader.target_length);
		length -= reader.next - text;
		text = reader.next;
	}
	else if (collect_wants(TEMPLATE_DEFAULT_TARGET, strlen(TEMPLATE_DEFAULT_TARGET)))
		target = pstrdup(TEMPLATE_DEFAULT_TARGET);
	if (target == NULL)
		return;
	collect_add(source, target, INVALIDATION_KEYS, text, length);
	pfree(target);
}

void
collect_add_resync(const CollectSource *source)
{
	ListCell   *cell;

	if (!are_known())
		return;
	foreach(cell, consumer_list_targets())
		collect_add(source, lfirst(cell), INVALIDATION_RESYNC, "", 0);
}

void
collect_add_reach(const char *target, InvalidationAction action, const char *key, Size key_length, void *source)
{
	if (action == INVALIDATION_RESYNC)
		collect_add_resync(source);
	else if (collect_wants(target, strlen(target)))
		collect_add(source, target, action, key, key_length);
}
