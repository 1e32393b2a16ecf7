/*
 * beta.c - shares from counts. The regularised incomplete beta function by its
 * continued fraction (Lentz's method), its inverse by bisection: slow beside
 * other ways, but there is no start value from which it fails.
 */
#include <oncall/beta.h>

#include <math.h>

#define FRACTION_STEPS 100000 /* enough for a and b of some 10^9 */
#define FRACTION_SAME  1e-15
#define FRACTION_TINY  1e-300 /* stands for 0, by which nothing is divided */
#define HALVINGS       200    /* until a double has no middle any more */
#define LEAST	       1e-9   /* of a and b: a prior of 0 or 1 is none */

static double not_zero(double x)
{
	return fabs(x) < FRACTION_TINY ? FRACTION_TINY : x;
}

static double fraction(double a, double b, double x)
{
	double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), all = d;

	for (int i = 1; i <= FRACTION_STEPS; i++) {
		double m = i, even, odd, change;

		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1 / not_zero(1 + even * d);
		c = not_zero(1 + even / c);
		all *= d * c;
		odd = -(a + m) * (a + b + m) * x /
		      ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 / not_zero(1 + odd * d);
		c = not_zero(1 + odd / c);
		change = d * c;
		all *= change;
		if (fabs(change - 1) < FRACTION_SAME)
			break;
	}
	return all;
}

/* lgamma() writes a variable that all threads share. */
static double log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

double beta_cdf(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x >= 1;
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) +
		    a * log(x) + b * log1p(-x));
	/* Each form converges fast on its own side of the mean. */
	if (x < (a + 1) / (a + b + 2))
		return fmin(1, front * fraction(a, b, x) / a);
	return fmax(0, 1 - front * fraction(b, a, 1 - x) / b);
}

double beta_quantile(double a, double b, double q)
{
	double low = 0, high = 1;

	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;

		if (middle <= low || middle >= high)
			break;
		if (beta_cdf(a, b, middle) < q)
			low = middle;
		else
			high = middle;
	}
	return q > 0 ? high : 0;
}

double beta_wilson(double s, double n, double z)
{
	double p, z2 = z * z;

	if (n <= 0)
		return 0;
	p = fmin(1, fmax(0, s / n));
	return fmax(0, (p + z2 / (2 * n) -
			z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) /
			       (1 + z2 / n));
}

void beta_fade(struct beta_counts *c, int64_t at, int64_t half_life_ms)
{
	double left;

	if (at <= c->at)
		return;
	if (half_life_ms > 0) {
		left = exp2(-((double)at - (double)c->at) /
			    (double)half_life_ms);
		c->worked *= left;
		c->failed *= left;
	}
	c->at = at;
}

struct beta_posterior beta_posterior(double prior, double strength,
				     const struct beta_counts *c)
{
	double a = fmax(LEAST, strength * prior + c->worked);
	double b = fmax(LEAST, strength * (1 - prior) + c->failed);

	return (struct beta_posterior){
		.mean = a / (a + b),
		.lower = beta_quantile(a, b, 1 - BETA_SURE),
	};
}
