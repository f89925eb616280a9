(* Bounds for all weights, collapsed or not: with t the mean diagonal of the output and a_i the squared norms,

       a_0 a_1 ... a_L >= n K^2 t^2      and      fit >= (1 - t)^2 / 2.

   For one layer K^2 = K^(L+1): there every output is at least as dear as a multiple of the targets. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure Better LowerBound.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section All.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N) (L0 : (0 < L)%N).
Notation sq := (@sqnorm R _ _).
Notation Y := (@Y R K n).
Variable th : weights R K L n d.
Let Kr : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let nr : 0 < n%:R :> R. Proof. by rewrite ltr0n. Qed.

(* |A B| <= |A| |B| *)
Lemma sq_mul m k q (A : 'M[R]_(m, k)) (B : 'M[R]_(k, q)) : sq (A *m B) <= sq A * sq B.
Proof.
rewrite -[sq B]sq_tr /sqnorm mulr_suml; apply: ler_sum => i _; rewrite mulr_sumr; apply: ler_sum => j _.
pose x : 'rV[R]_k := row i A; pose y : 'rV[R]_k := \row_l B l j.
have := CS x y; rewrite dotE /sqnorm !big_ord1.
have -> : \sum_j0 x ord0 j0 * y ord0 j0 = (A *m B) i j by rewrite mxE; apply: eq_bigr => l _; rewrite !mxE.
by congr (_ <= _ * _); apply: eq_bigr => l _; rewrite !mxE.
Qed.
Lemma sq_feature l : sq (feature (hidden th) (H1 th) l) <= sq (H1 th) * \prod_(j < l) sq (hidden th j).
Proof.
elim: l => [|l IH] /=; first by rewrite big_ord0 mulr1.
apply: le_trans (relu_sq _) (le_trans (sq_mul _ _) _).
by rewrite big_ord_recr /= mulrA [X in X <= _]mulrC ler_wpmul2r ?sq_ge0.
Qed.

Lemma trace_scale : \tr (output th *m Y^T) = (K * n)%:R * scale th.
Proof. by rewrite /scale mulrC divfK // pnatr_eq0 -lt0n muln_gt0 Kp. Qed.

Theorem product_bound_all : n%:R * K%:R ^+ 2 * scale th ^+ 2 <=
  sq (H1 th) * \prod_(l < L.-1) sq (hidden th l) * sq (WL th).
Proof.
have h : (n%:R * K%:R * scale th) ^+ 2 <= sq (WL th)^T * (n%:R * sq (feature (hidden th) (H1 th) L.-1)).
  have := CS (feature (hidden th) (H1 th) L.-1) ((WL th)^T *m Y).
  have -> : dot (feature (hidden th) (H1 th) L.-1) ((WL th)^T *m Y) = n%:R * K%:R * scale th.
    rewrite -dot_mul -[WL th *m _]/(output th) /dot trace_scale natrM; ring.
  by rewrite sqY => hh; apply: le_trans hh _; apply: eqW; ring.
have h2 := le_trans h (ler_wpmul2l (sq_ge0 _) (ler_wpmul2l (ltW nr) (sq_feature L.-1))).
rewrite sq_tr in h2; rewrite -(ler_pmul2l nr); apply: le_trans (le_trans h2 _); apply: eqW; first by ring.
by move: (\prod_(l < L.-1) _) => P; ring.
Qed.

Theorem fit_bound_all : (1 - scale th) ^+ 2 / 2 <= fit th.
Proof.
have := CS (output th - Y) Y.
have -> : dot (output th - Y) Y = (K * n)%:R * (scale th - 1).
  by rewrite /dot mulmxBl mxtraceD raddfN /= mulYYT mxtrace_scalar trace_scale -mulr_natr natrM; ring.
rewrite -{2}[Y]mul1mx sqY sq1 /fit natrM => h.
have Np : 0 < K%:R * n%:R :> R by rewrite mulr_gt0.
rewrite -(ler_pmul2l Np) -(ler_pmul2l Np).
apply: le_trans (_ : (K%:R * n%:R * (scale th - 1)) ^+ 2 / 2 <= _); first by apply: eqW; ring.
apply: le_trans (ler_wpmul2r _ h) _; first by rewrite invr_ge0 ler0n.
apply: eqW; move: (sqnorm _) K%:R n%:R Kr nr => x k m kp mp; field; rewrite !gt_eqF //.
Qed.
End All.
