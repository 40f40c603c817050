# Statistics of R's surveillance package on series of counts, for bench/detect.
#
# usage: Rscript surveillance.R METHOD < series > statistics
# A line of input is "rows per day,count,count,…", a line of output one statistic
# for each count, "0" where there is none yet.
#
# C1, C2    earsC (Fricker, Hegler and Dunfal 2008) on the counts of the last 24 h,
#           seen after every row: baseline 7 such days, lag 2 for C2. The
#           statistic is the distance from the baseline in standard deviations.
# nbcusum   glrnb (Höhle and Paul 2008), a negative binomial CUSUM for a doubled
#           rate. Its expected counts are the means of the hours of the week over
#           the first four weeks, its dispersion is that of those weeks.
suppressWarnings(suppressMessages({
  ok <- requireNamespace("surveillance", quietly = TRUE)
}))
if (!ok) stop("R's surveillance is not installed; on Debian: apt-get install r-base-core r-cran-surveillance")
suppressMessages(library(surveillance))

ears <- function(x, rows, method) {
  stat <- numeric(length(x))
  sums <- stats::filter(x, rep(1, rows), sides = 1)
  days <- floor(length(x) / rows)
  ends <- outer(1:days * rows, 0:(rows - 1), "-")      # one column for each time of day
  seen <- matrix(sums[ends], nrow = days)
  s <- sts(observed = seen, frequency = 365)
  bound <- function(alpha) upperbound(earsC(s, control = list(method = method, baseline = 7, alpha = alpha, minSigma = 1)))
  mean <- bound(0.5)                                   # the bound at no standard deviation
  sd <- bound(1 - pnorm(1)) - mean
  from <- days - nrow(mean) + 1
  z <- (seen[from:days, , drop = FALSE] - mean) / sd
  stat[ends[from:days, ]] <- z
  stat[!is.finite(stat)] <- 0
  pmax(stat, 0)
}

nbcusum <- function(x, rows) {
  week <- 7 * rows
  learn <- 4 * week
  stat <- numeric(length(x))
  slot <- (seq_along(x) - 1) %% week + 1
  mu <- pmax(tapply(x[1:learn], slot[1:learn], mean), mean(x[1:learn]) / 10)[slot]
  seen <- mu[1:learn]
  disp <- max(sum((x[1:learn] - seen)^2 - seen) / sum(seen^2), 0.001)
  range <- (learn + 1):length(x)
  s <- sts(observed = x, frequency = week)
  out <- glrnb(s, control = list(range = range, c.ARL = 1e9, mu0 = mu[range], alpha = disp, theta = log(2), ret = "value", dir = "inc"))
  stat[range] <- upperbound(out)[, 1]
  stat
}

method <- commandArgs(trailingOnly = TRUE)[1]
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  v <- as.numeric(strsplit(line, ",", fixed = TRUE)[[1]])
  x <- v[-1]
  stat <- if (method == "nbcusum") nbcusum(x, v[1]) else ears(x, v[1], method)
  cat(paste(signif(stat, 6), collapse = ","), "\n", sep = "")
}
