// Numbers with a point in every locale.
#include "base/locale.h"

#include <locale.h>

struct clg_locale clg_locale_enter(void)
{
    locale_t ours = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = ours ? uselocale(ours) : (locale_t)0;
    return (struct clg_locale){.ours = (void *)ours, .before = (void *)before};
}

void clg_locale_leave(struct clg_locale locale)
{
    if (!locale.ours)
        return;
    uselocale((locale_t)locale.before);
    freelocale((locale_t)locale.ours);
}
