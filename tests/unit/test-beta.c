#include "unit.h"

#include <math.h>

#include <oncall/beta.h>
#include <oncall/when.h>

#define NEAR(a, b) (fabs((a) - (b)) < 0.0005)

static void must_be(const char *what, double worked, double n, double got,
		    double want)
{
	if (!NEAR(got, want))
		fail_msg("%s of %g of %g is %.5f, not %.3f", what, worked, n,
			 got, want);
}

static void bounds_are_those_of_the_tables(void **state)
{
	static const struct {
		double worked, n, mean, wilson95, wilson90, jeffreys, uniform;
	} cases[] = {
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
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double s = cases[i].worked, n = cases[i].n;
		const struct beta_counts c = {.worked = s, .failed = n - s};
		struct beta_posterior flat = beta_posterior(0.5, 2, &c);
		struct beta_posterior jeffreys = beta_posterior(0.5, 1, &c);

		must_be("mean", s, n, flat.mean, cases[i].mean);
		must_be("wilson 1.96", s, n, beta_wilson(s, n, 1.96),
			cases[i].wilson95);
		must_be("wilson 1.645", s, n, beta_wilson(s, n, 1.645),
			cases[i].wilson90);
		must_be("jeffreys", s, n, jeffreys.lower, cases[i].jeffreys);
		must_be("uniform", s, n, flat.lower, cases[i].uniform);
	}
}

static void bounds_of_no_outcomes_are_those_of_the_prior(void **state)
{
	const struct beta_counts none = {.worked = 0};

	(void)state;
	assert_true(beta_wilson(0, 0, 1.96) == 0);
	assert_true(beta_wilson(0, 10, 1.96) == 0);
	assert_true(NEAR(beta_posterior(0.9, 4, &none).mean, 0.9));
	assert_true(beta_posterior(0.9, 4, &none).lower < 0.9);
	assert_true(beta_posterior(0, 4, &none).mean < 0.001);
	assert_true(beta_posterior(1, 4, &none).mean > 0.999);
	assert_true(isfinite(beta_posterior(0, 0, &none).lower));
}

static void the_function_is_right_where_it_is_known(void **state)
{
	(void)state;
	for (int i = 0; i <= 8; i++) {
		double x = i / 8.0;

		assert_true(fabs(beta_cdf(1, 1, x) - x) < 1e-12);
		assert_true(fabs(beta_cdf(3, 1, x) - x * x * x) < 1e-12);
		assert_true(fabs(beta_cdf(.5, .5, x) -
				 2 / M_PI * asin(sqrt(x))) < 1e-12);
		assert_true(fabs(beta_cdf(2.5, 7, x) -
				 (1 - beta_cdf(7, 2.5, 1 - x))) < 1e-12);
	}
	assert_true(beta_cdf(2, 3, -1) == 0);
	assert_true(beta_cdf(2, 3, 2) == 1);
}

static void quantiles_rise_and_lead_back(void **state)
{
	static const double sizes[] = {1e-9, 1e-3, .5, 1, 3, 40, 1e3, 1e6, 1e9};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes) * ARRAY_LEN(sizes); i++) {
		double a = sizes[i % ARRAY_LEN(sizes)];
		double b = sizes[i / ARRAY_LEN(sizes)], last = 0;

		for (int k = 0; k <= 20; k++) {
			double q = k / 20.0, x = beta_quantile(a, b, q);

			if (!(x >= last && x <= 1))
				fail_msg("a %g, b %g: quantile %g is %g after "
					 "%g",
					 a, b, q, x, last);
			last = x;
			/* Where the function is steep, doubles have no x of
			 * just this q. */
			if (a >= .5 && b >= .5 && a <= 1e6 && b <= 1e6 &&
			    k > 0 && k < 20 &&
			    fabs(beta_cdf(a, b, x) - q) > 1e-6)
				fail_msg("a %g, b %g: %g comes back as %g", a,
					 b, q, beta_cdf(a, b, x));
		}
	}
}

static void outcomes_fade_by_half_lives(void **state)
{
	struct beta_counts c = {.worked = 8, .failed = 4, .at = 1000};

	(void)state;
	beta_fade(&c, 1000 + 30 * WHEN_DAY, 30 * WHEN_DAY);
	assert_true(fabs(c.worked - 4) < 1e-12);
	assert_true(fabs(c.failed - 2) < 1e-12);
	beta_fade(&c, 1000 + 45 * WHEN_DAY, 30 * WHEN_DAY);
	beta_fade(&c, 1000 + 60 * WHEN_DAY, 30 * WHEN_DAY);
	assert_true(fabs(c.worked - 2) < 1e-12);
	assert_int_equal(c.at, 1000 + 60 * WHEN_DAY);
}

static void time_never_runs_backwards(void **state)
{
	struct beta_counts c = {.worked = 8, .failed = 4, .at = 1000};

	(void)state;
	beta_fade(&c, 0, WHEN_DAY);
	assert_int_equal(c.at, 1000);
	assert_true(c.worked == 8);
	beta_fade(&c, WHEN_MAX, 0);
	assert_true(c.worked == 8 && c.failed == 4);
	assert_int_equal(c.at, WHEN_MAX);
	c = (struct beta_counts){.worked = 8, .at = WHEN_NONE};
	beta_fade(&c, WHEN_MAX, WHEN_DAY);
	assert_true(c.worked == 0);
}

static void a_daily_success_is_worth_what_the_half_life_allows(void **state)
{
	struct beta_counts c = {.at = 0};

	(void)state;
	for (int day = 1; day <= 3650; day++) {
		beta_fade(&c, day * WHEN_DAY, 30 * WHEN_DAY);
		c.worked += 1;
	}
	assert_true(fabs(c.worked - 43.8) < 0.1);
	assert_true(NEAR(beta_wilson(43, 43, 1.96), .918));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_those_of_the_tables),
		cmocka_unit_test(bounds_of_no_outcomes_are_those_of_the_prior),
		cmocka_unit_test(the_function_is_right_where_it_is_known),
		cmocka_unit_test(quantiles_rise_and_lead_back),
		cmocka_unit_test(outcomes_fade_by_half_lives),
		cmocka_unit_test(time_never_runs_backwards),
		cmocka_unit_test(
			a_daily_success_is_worth_what_the_half_life_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
