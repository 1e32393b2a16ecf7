/*
 * beta.h - how sure one may be of a share, from few and fading outcomes.
 */
#ifndef ONCALL_BETA_H
#define ONCALL_BETA_H

#include <oncall/base.h>

/* The regularised incomplete beta function, 0 <= x <= 1, a and b > 0. */
double beta_cdf(double a, double b, double x);
/* The x of which beta_cdf() is q. */
double beta_quantile(double a, double b, double q);
/* Lower bound of Wilson's interval for s successes of n, which need not be
 * whole; 0 for n 0. */
double beta_wilson(double s, double n, double z);

/* Weighted outcomes as of a time: each counts 2^(-age / half-life). */
struct beta_counts {
	double worked, failed;
	int64_t at;
};
/* Lets time pass until at; never backwards. half_life_ms 0: nothing fades. */
void beta_fade(struct beta_counts *c, int64_t at, int64_t half_life_ms);

/* Beta(strength * prior, strength * (1 - prior)) after these outcomes. What is
 * below lower has the probability 1 - BETA_SURE. */
#define BETA_SURE 0.95
struct beta_posterior {
	double mean, lower;
};
struct beta_posterior beta_posterior(double prior, double strength,
				     const struct beta_counts *c);

#endif
