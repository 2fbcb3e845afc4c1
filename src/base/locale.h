// Numbers with a point in every locale: "0.5", not "0,5".
#ifndef CLG_BASE_LOCALE_H
#define CLG_BASE_LOCALE_H

// This thread reads and prints numbers as in the C locale until _leave, whatever locale the program has set.
struct clg_locale {
    void *ours, *before;
};
struct clg_locale clg_locale_enter(void);
void clg_locale_leave(struct clg_locale locale);

#endif
