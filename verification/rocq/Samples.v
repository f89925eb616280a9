(* The samples one by one: the loss is the mean over i < n of the loss of the network on the i-th sample of each class, so
   what bounds that for every input bounds the loss. And the last layer: |W F - I|^2 + x |W|^2 >= x tr (F^T F + x I)^-1. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Pointwise Structure DirectSum Better.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Samples.
Variables (R : rcfType) (K n : nat).
Hypothesis n0 : (0 < n)%N.
Notation sq := (@sqnorm R _ _).

Lemma sample_subproof (k : 'I_K) (i : 'I_n) : (k * n + i < K * n)%N.
Proof. by apply: leq_trans (_ : k.+1 * n <= _)%N; rewrite ?leq_mul2r ?ltn_ord ?orbT // mulSn addnC ltn_add2r. Qed.
(* the column of sample i of class k *)
Definition sample k i : 'I_(K * n) := Ordinal (sample_subproof k i).
Definition pick m (X : 'M[R]_(m, K * n)) i : 'M[R]_(m, K) := \matrix_(a, k) X a (sample k i).

Lemma sum_samples (f : 'I_(K * n) -> R) : \sum_j f j = \sum_i \sum_k f (sample k i).
Proof.
rewrite exchange_big pair_big /= (reindex (fun p : 'I_K * 'I_n => sample p.1 p.2)) //=.
exists (fun j => (class j, Ordinal (ltn_pmod j n0))) => [[k i]|j] _ /=.
  congr pair; apply: val_inj; rewrite /= ?modnMDl ?modn_small // divnMDl // divn_small ?addn0 //.
by apply: val_inj; rewrite /= -divn_eq.
Qed.
Lemma sq_pick m (X : 'M[R]_(m, K * n)) : sq X = \sum_i sq (pick X i).
Proof.
rewrite /sqnorm exchange_big /= sum_samples; apply: eq_bigr => i _; rewrite exchange_big /=.
by do 2!apply: eq_bigr => ? _; rewrite mxE.
Qed.
Lemma pick_mul m k (A : 'M[R]_(m, k)) (X : 'M[R]_(k, K * n)) i : pick (A *m X) i = A *m pick X i.
Proof. by apply/matrixP => a b; rewrite !mxE; apply: eq_bigr => l _; rewrite mxE. Qed.
Lemma pick_relu m (X : 'M[R]_(m, K * n)) i : pick (relu X) i = relu (pick X i).
Proof. by apply/matrixP => a b; rewrite !mxE. Qed.
Lemma pick_sub m (X Z : 'M[R]_(m, K * n)) i : pick (X - Z) i = pick X i - pick Z i.
Proof. by apply/matrixP => a b; rewrite !mxE. Qed.
Lemma pick_Y i : pick (Y R K n) i = 1%:M.
Proof.
by apply/matrixP => a b; rewrite !mxE /= divnMDl // divn_small // addn0 eq_sym.
Qed.
Lemma pick_feature (d : nat -> nat) (W : forall l, 'M[R]_(d l.+1, d l)) (X : 'M_(d 0%N, K * n)) i l :
  feature W (pick X i) l = pick (feature W X l) i.
Proof. by elim: l => //= l ->; rewrite pick_relu pick_mul. Qed.
End Samples.

Section OneSample.
Variables (R : rcfType) (K L n : nat) (d : nat -> nat) (lam : nat -> R) (th : weights R K L n d).
Hypotheses (Kp : (0 < K)%N) (n0 : (0 < n)%N).
Notation sq := (@sqnorm R _ _).

Definition one_sample (X : 'M[R]_(d 0%N, K)) : R :=
  (2 * K%:R)^-1 * sq (WL th *m feature (hidden th) X L.-1 - 1%:M)
  + n%:R * lam 0%N / 2 * sq X + \sum_(l < L.-1) lam l.+1 / 2 * sq (hidden th l) + lam L / 2 * sq (WL th).

Lemma loss_mean : loss lam th = n%:R^-1 * \sum_(i < n) one_sample (pick (H1 th) i).
Proof.
have nr : n%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
have Kr : K%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
rewrite /one_sample !big_split /= !sumr_const card_ord -!mulr_sumr.
rewrite (eq_bigr (fun i => sq (pick (output th - Y R K n) i))) => [|i _]; last first.
  by rewrite pick_sub pick_Y // (pick_feature (hidden th) (H1 th)) -pick_mul.
rewrite -!sq_pick // /loss natrM; set S := \sum_(l < L.-1) _; set T := lam L / 2 * _.
rewrite -[S *+ n]mulr_natr -[T *+ n]mulr_natr !mulrDr; congr (_ + _ + _ + _); first by field; rewrite nr Kr.
- by move: (sq (H1 th)) => z; field; rewrite nr.
- by rewrite mulrC mulfK.
- by rewrite mulrC mulfK.
Qed.
Lemma loss_ge_sample (B : R) : (forall X, B <= one_sample X) -> B <= loss lam th.
Proof.
move=> h; rewrite loss_mean ler_pdivl_mull ?ltr0n //; apply: le_trans (_ : \sum_(i < n) B <= _); last exact: ler_sum.
by rewrite sumr_const card_ord mulr_natl.
Qed.
End OneSample.

Section Ridge.
Variables (R : rcfType) (d K : nat) (W : 'M[R]_(K, d)) (F : 'M[R]_(d, K)) (x : R) (Z : 'M[R]_K).
Notation sq := (@sqnorm R _ _).
Lemma sq_add p q (A B : 'M[R]_(p, q)) a : sq (A + a *: B) = sq A + 2 * a * dot A B + a ^+ 2 * sq B.
Proof. by rewrite !sqE !(dotDl, dotDr, dotZl, dotZr) (dotC B A); ring. Qed.
Lemma ridge : 0 <= x -> Z *m (F^T *m F + x%:M) = 1%:M -> x * \tr Z <= sq (W *m F - 1%:M) + x * sq W.
Proof.
move=> x0 hZ; rewrite -subr_ge0.
have inv : sq (Z *m F^T) + x * sq Z = \tr Z.
  rewrite -[\tr Z]mxtrace_tr -[Z^T]mul1mx -hZ mulmxDr mulmxDl mxtraceD; congr (_ + _).
    by rewrite sqE /dot trmx_mul trmxK !mulmxA.
  by rewrite mul_mx_scalar -scalemxAl mxtraceZ sqE.
have GZ : dot (W *m F - 1%:M) Z = dot W (Z *m F^T) - \tr Z.
  by rewrite -scaleN1r dotDl dotZl dot_mulr (dotC 1%:M) dot1 mulN1r.
have h2 := sq_add W (Z *m F^T) (-1); rewrite scaleN1r in h2.
have E : sq (W *m F - 1%:M + x *: Z) + x * sq (W - Z *m F^T) = sq (W *m F - 1%:M) + x * sq W - x * \tr Z.
  by rewrite (sq_add (W *m F - 1%:M)) h2 GZ -inv; ring.
by rewrite -E addr_ge0 ?mulr_ge0 ?sq_ge0.
Qed.
End Ridge.
