"""Groups texts with scikit-learn, to compare: JSON strings on standard input,
one a line, and {"seconds", "groups"} on standard output. Seconds are of
processor time, without start and reading.

usage: sklearn_groups.py kmeans K | centroid THRESHOLD
"""
import json
import sys
import time

try:
    import numpy as np
    import scipy.sparse as sp
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
    from sklearn.preprocessing import normalize
except ImportError:
    sys.exit("scikit-learn is not there; on Debian: apt-get install python3-sklearn, and run this with /usr/bin/python3")

# Centroids that move more often group better and cost more: 20 messages is where
# this costs about what Hearback costs.
BATCH = 20


def kmeans(texts, k):
    """Hashed words into k groups. 2**14 columns: centroids are dense."""
    words = HashingVectorizer(n_features=2**14, alternate_sign=False, stop_words="english")
    return MiniBatchKMeans(int(k), batch_size=1000, n_init=3, random_state=1).fit_predict(words.transform(texts)).tolist()


def centroid(texts, threshold):
    """Each text joins the group with the nearest centroid, or begins one if
    that is further than the threshold. Centroids move after each batch."""
    threshold = float(threshold)
    x = TfidfVectorizer(stop_words="english").fit_transform(texts)
    sums = sp.csr_matrix((0, x.shape[1]))
    groups = []
    for begin in range(0, x.shape[0], BATCH):
        batch = x[begin:begin + BATCH]
        n = sums.shape[0]
        best, near = np.full(batch.shape[0], -1), np.zeros(batch.shape[0])
        if n:
            like = (batch @ normalize(sums).T).tocsr()
            best, near = np.asarray(like.argmax(axis=1)).ravel(), like.max(axis=1).toarray().ravel()
        best[near < threshold] = -1
        rest = np.flatnonzero(best < 0)
        among = (batch[rest] @ batch[rest].T).toarray()
        first = []  # of the rest, those that begin a group
        for i, row in enumerate(rest):
            j = int(np.argmax(among[i, first])) if first else -1
            if j < 0 or among[i, first[j]] < threshold:
                j = len(first)
                first.append(i)
            best[row] = n + j
        n += len(first)
        member = sp.csr_matrix((np.ones(len(best)), (best, np.arange(len(best)))), shape=(n, len(best)))
        sums = sp.csr_matrix(sp.vstack([sums, sp.csr_matrix((n - sums.shape[0], x.shape[1]))])) + member @ batch
        groups += best.tolist()
    return groups


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("kmeans", "centroid"):
        sys.exit(__doc__)
    texts = [json.loads(line) for line in sys.stdin]
    began = time.process_time()
    groups = {"kmeans": kmeans, "centroid": centroid}[sys.argv[1]](texts, sys.argv[2])
    json.dump({"seconds": time.process_time() - began, "groups": groups}, sys.stdout)
