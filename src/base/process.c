// What belongs to one process: threads, locks and OpenCL do not survive fork().
#include "base/process.h"

#include "base/log.h"

#include <unistd.h>

long clg_process_id(void)
{
    return (long)getpid();
}

bool clg_process_is_child(long owner)
{
    return owner != clg_process_id();
}

int clg_process_refuse(const struct clg_log *log, int error, const char *what)
{
    return clg_fail(
        log, error,
        "%s was opened by the parent process and cannot be used after fork(): start processes that "
        "compute from scratch (in Python: multiprocessing.set_start_method(\"spawn\")) or open it "
        "in the child alone",
        what);
}
