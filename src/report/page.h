// The look of report.html: its style sheet and its script, as text to write out.
#ifndef CLG_REPORT_PAGE_H
#define CLG_REPORT_PAGE_H

extern const char *const clg_page_style[]; // pieces in order, ends in NULL
extern const char
    *const clg_page_script[]; // likewise; free of '<' and '&', so that the page is also valid XML

#endif
