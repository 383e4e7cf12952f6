/* Which program this is: version, commit and compiler, for records and --version. Floor 4a. */
#ifndef BENCH_SYSTEM_PROGRAM_H
#define BENCH_SYSTEM_PROGRAM_H

extern const char program_version[];            /* "0.1.0" */
extern const char program_compiler[];           /* "gcc 12.2.0" */
/* "97a4ee2c0ffe", with "+changes" behind it where files differed from that commit, or "no git: commit unknown" where
 * the program was built outside a repository. From BUILD/version.c, which the Makefile writes. */
extern const char program_commit[];

#endif
