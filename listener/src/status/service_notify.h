/*-------------------------------------------------------------------------
 *
 * service_notify.h
 *	  Tells the service manager that started the daemon how it stands: sd_notify(3)'s
 *	  datagrams to NOTIFY_SOCKET.
 *
 * Without that variable all of this does nothing.  Nothing is waited for: what the manager
 * does not take is said again a little later.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNCACHED_SERVICE_NOTIFY_H
#define UNCACHED_SERVICE_NOTIFY_H

#include <stdbool.h>

#include "base/log.h"
#include "base/loop.h"
#include "relay/relay.h"

typedef struct ServiceNotify ServiceNotify;

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.  With a watchdog, WATCHDOG=1 is said
 * from the loop, twice in that time.  loop and log are borrowed.  NULL if memory is exhausted.
 */
extern ServiceNotify *service_notify_create(Loop *loop, const Log *log);

/* NULL is allowed. */
extern void service_notify_destroy(ServiceNotify *notify);

/* Is anybody told anything?  Else nobody needs a summary. */
extern bool service_notify_is_heard(const ServiceNotify *notify);

/*
 * After each turn of the loop.  READY=1 as soon as the targets are settled, at the start and
 * after a reload; STATUS as it changes, once a second at most.
 */
extern void service_notify_tell(ServiceNotify *notify, const RelaySummary *summary);

/* RELOADING=1: the next service_notify_tell with settled targets ends it. */
extern void service_notify_reload(ServiceNotify *notify);

/* STOPPING=1: nothing else is said from now on, but WATCHDOG=1. */
extern void service_notify_stop(ServiceNotify *notify);

#endif
