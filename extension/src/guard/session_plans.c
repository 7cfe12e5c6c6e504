/*-------------------------------------------------------------------------
 *
 * session_plans.c
 *	  Has planned anew what functions keep planned in a session.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "guard/session_plans.h"
#include "utils/inval.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

static void
forget_all_but(CachedPlanSource * source)
{
	CachedPlan *generic = source->gplan;
	bool		source_is_valid = source->is_valid;
	bool		generic_is_valid = generic != NULL && generic->is_valid;

	ResetPlanCache();
	source->is_valid = source_is_valid;
	if (generic != NULL)
		generic->is_valid = generic_is_valid;
}

void
session_plans_forget(SPIPlanPtr kept)
{
	/* as if some constraint of a domain had changed, and nobody knew which */
	CallSyscacheCallbacks(CONSTROID, 0);
	if (kept == NULL)
		ResetPlanCache();
	else
		forget_all_but(linitial(SPI_plan_get_plan_sources(kept)));
}
