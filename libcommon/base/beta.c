/* beta.c - how sure one may be of a share, from few and fading outcomes. */
#include <oncall/beta.h>

#include <math.h>

/* The continued fraction ends when a step changes it by less than this. */
#define FRACTION_EXACT 3e-16
#define FRACTION_STEPS 10000
#define FRACTION_TINY  1e-300
#define QUANTILE_STEPS 60 /* each halves the interval */

/* lgamma() keeps its sign in a global; arguments here are positive. */
static double log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

static double never_zero(double x)
{
	return fabs(x) < FRACTION_TINY ? FRACTION_TINY : x;
}

/* Lentz's method; good for x below (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x)
{
	double c = 1, d = 1 / never_zero(1 - (a + b) * x / (a + 1));
	double result = d;

	for (int i = 1; i < FRACTION_STEPS; i++) {
		double m = i, before = result;
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x /
			     ((a + 2 * m) * (a + 2 * m + 1));

		d = 1 / never_zero(1 + even * d);
		c = never_zero(1 + even / c);
		result *= d * c;
		d = 1 / never_zero(1 + odd * d);
		c = never_zero(1 + odd / c);
		result *= d * c;
		if (fabs(result - before) <= FRACTION_EXACT * fabs(result))
			break;
	}
	return result;
}

double beta_cdf(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) +
		    a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * fraction(a, b, x) / a;
	return 1 - front * fraction(b, a, 1 - x) / b;
}

double beta_quantile(double a, double b, double q)
{
	double low = 0, high = 1;

	for (int i = 0; i < QUANTILE_STEPS; i++) {
		double middle = (low + high) / 2;

		if (beta_cdf(a, b, middle) < q)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

double beta_wilson(double s, double n, double z)
{
	double p, z2 = z * z;

	if (n <= 0)
		return 0;
	p = s / n;
	return (p + z2 / (2 * n) -
		z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) /
	       (1 + z2 / n);
}

void beta_fade(struct beta_counts *c, int64_t at, int64_t half_life_ms)
{
	double left;

	if (at <= c->at)
		return;
	if (half_life_ms > 0) {
		left = exp2(-(double)(at - c->at) / (double)half_life_ms);
		c->worked *= left;
		c->failed *= left;
	}
	c->at = at;
}

struct beta_posterior beta_posterior(double prior, double strength,
				     const struct beta_counts *c)
{
	double a = strength * prior + c->worked;
	double b = strength * (1 - prior) + c->failed;

	/* A certain prior leaves no room for the other side. */
	if (a <= 0 || b <= 0)
		return (struct beta_posterior){a > 0 ? 1 : 0, a > 0 ? 1 : 0};
	return (struct beta_posterior){
		.mean = a / (a + b),
		.lower = beta_quantile(a, b, 1 - BETA_SURE),
	};
}
