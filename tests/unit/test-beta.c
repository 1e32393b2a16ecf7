/* test-beta.c - shares of few and fading outcomes. */
#include "unit.h"

#include <math.h>

#include <oncall/beta.h>

#define THIRD_DECIMAL 0.0005001
#define HOUR	      ((int64_t)3600000)

static void near(double value, double wanted)
{
	if (fabs(value - wanted) > THIRD_DECIMAL)
		fail_msg("%.6f is not %.3f", value, wanted);
}

/* Figures that can be looked up: successes of so many, then the mean and the
 * bounds by four methods. */
static void the_table_is_met(void **state)
{
	static const struct {
		double s, n, mean, wilson196, wilson1645, jeffreys, uniform;
	} rows[] = {
		{1, 1, .667, .207, .270, .229, .224},
		{3, 3, .800, .438, .526, .556, .473},
		{5, 5, .857, .566, .649, .694, .607},
		{10, 10, .917, .722, .787, .829, .762},
		{8, 10, .750, .490, .541, .548, .530},
		{20, 20, .955, .839, .881, .910, .867},
		{45, 50, .885, .786, .808, .814, .805},
		{95, 100, .941, .888, .901, .904, .899},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double s = rows[i].s, n = rows[i].n;
		const struct beta_counts c = {s, n - s, 0};
		struct beta_posterior p = beta_posterior(0.5, 2, &c);

		near(p.mean, rows[i].mean);
		near(p.lower, rows[i].uniform);
		near(beta_wilson(s, n, 1.96), rows[i].wilson196);
		near(beta_wilson(s, n, 1.645), rows[i].wilson1645);
		near(beta_quantile(s + 0.5, n - s + 0.5, 0.05),
		     rows[i].jeffreys);
	}
}

static void quantiles_turn_the_function_around(void **state)
{
	static const double shapes[] = {1e-3, 0.5, 1, 7.25, 400, 1e6};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		for (size_t k = 0; k < ARRAY_LEN(shapes); k++) {
			double before = 0;

			for (double q = 0.05; q < 1; q += 0.1) {
				double x =
					beta_quantile(shapes[i], shapes[k], q);

				assert_true(x >= before && x <= 1);
				before = x;
				if (shapes[i] < 0.5 || shapes[k] < 0.5)
					continue;
				near(beta_cdf(shapes[i], shapes[k], x), q);
			}
		}
	assert_true(beta_cdf(2, 3, 0) <= 0);
	assert_true(beta_cdf(2, 3, 1) >= 1);
	/* Of two uniform ones: exactly x. */
	near(beta_cdf(1, 1, 0.3), 0.3);
}

static void outcomes_fade_towards_the_prior(void **state)
{
	struct beta_counts c = {8, 4, 0};
	struct beta_posterior p;

	(void)state;
	beta_fade(&c, 10 * HOUR, 10 * HOUR);
	near(c.worked, 4);
	near(c.failed, 2);
	beta_fade(&c, 5 * HOUR, 10 * HOUR); /* time does not go back */
	near(c.worked, 4);
	assert_true(c.at == 10 * HOUR);
	beta_fade(&c, 20 * HOUR, 0);
	near(c.worked, 4);
	beta_fade(&c, 20000 * HOUR, 10 * HOUR);
	p = beta_posterior(0.7, 4, &c);
	near(p.mean, 0.7);
	assert_true(p.lower < 0.7);
}

static void a_certain_prior_is_not_divided_by(void **state)
{
	const struct beta_counts none = {0, 0, 0}, failed = {0, 3, 0};

	(void)state;
	near(beta_posterior(1, 4, &none).lower, 1);
	near(beta_posterior(0, 4, &none).mean, 0);
	near(beta_posterior(1, 4, &failed).mean, 4.0 / 7);
	near(beta_wilson(0, 0, 1.96), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_met),
		cmocka_unit_test(quantiles_turn_the_function_around),
		cmocka_unit_test(outcomes_fade_towards_the_prior),
		cmocka_unit_test(a_certain_prior_is_not_divided_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
