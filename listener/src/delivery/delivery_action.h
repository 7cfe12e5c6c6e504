/*-------------------------------------------------------------------------
 *
 * delivery_action.h
 *	  What each of the journal's actions adds to a batch.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_DELIVERY_ACTION_H
#define UNCACHED_DELIVERY_ACTION_H

#include "batch/name_kind.h"
#include "journal/journal_row.h"

typedef enum DeliveryForm
{
	DELIVERY_FORM_NAME,
	DELIVERY_FORM_PATTERN,
	DELIVERY_FORM_CACHEOPS_TABLE,	/* a name and a pattern */
	DELIVERY_FORM_RESYNC		/* whatever resync_keys() lists */
} DeliveryForm;

typedef struct DeliveryAction
{
	DeliveryForm form;
	NameKind	kind;			/* of names and patterns */
} DeliveryAction;

/* Static data. */
extern const DeliveryAction *delivery_action(JournalAction action);

#endif
