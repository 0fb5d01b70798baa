/* batch.h - qtc-parse --batch: records through parsers, in order, on one thread or several (see jobs.h). */
#ifndef QTC_BATCH_H
#define QTC_BATCH_H

#include "session.h"

/* Reads all files of `in`. threads: 1 parses in the calling thread. false: some record was bad, which was
 * said; what else went wrong is in the session. */
bool qtc_batch(struct qtc_session *session, struct qtc_in *in, unsigned threads);

#endif
